/** The texts of the console stand in this folder, a file for each subject, each text in every language. */

export const languages = ['en', 'fr'] as const
export type Language = (typeof languages)[number]

export type Texts<Shape> = Record<Language, Shape>

/** English sets the shape, and the compiler asks for every text in the other languages. */
export function defineTexts<Shape>(texts: { en: Shape; fr: NoInfer<Shape> }): Texts<Shape> {
  return texts
}
