/** What the page for leaving says, in the language of the tag that led there, else of the browser. */
import type { FastifyRequest } from 'fastify'

export type UnsubscribeTexts = {
  language: string
  ask: string
  /** `who` is HTML. */
  explain(who: string): string
  button: string
  /** Of a mail that went to a list. */
  explainList(who: string): string
  leaveList: string
  leaveEverything: string
  leftList(who: string): string
  done: string
  doneExplained(who: string): string
  undo: string
  unknown: string
  unknownExplained: string
}

const texts: Readonly<Record<string, UnsubscribeTexts>> = {
  en: {
    language: 'en',
    ask: 'Unsubscribe',
    explain: (who) => `${who} will get no more newsletters and offers from this sender.`,
    button: 'Unsubscribe',
    explainList: (who) =>
      `The mail went to a mailing list of this sender. Should ${who} get no more mail of that list, or none of this sender’s newsletters and offers at all?`,
    leaveList: 'Unsubscribe from this list',
    leaveEverything: 'Unsubscribe from everything of this sender',
    leftList: (who) => `${who} gets no more mail of this list.`,
    done: 'You are unsubscribed',
    doneExplained: (who) => `${who} gets no more newsletters and offers from this sender.`,
    undo: 'Subscribe again',
    unknown: 'This link is not known',
    unknownExplained: 'It was cut off or changed on its way. Copy the whole link from the mail.',
  },
  fr: {
    language: 'fr',
    ask: 'Se désabonner',
    explain: (who) => `${who} ne recevra plus de lettres d’information ni d’offres de cet expéditeur.`,
    button: 'Se désabonner',
    explainList: (who) =>
      `Ce message a été envoyé à une liste de diffusion. ${who} ne doit plus recevoir les messages de cette liste, ou plus aucune lettre d’information ni offre de cet expéditeur ?`,
    leaveList: 'Se désabonner de cette liste',
    leaveEverything: 'Se désabonner de tout ce qu’envoie cet expéditeur',
    leftList: (who) => `${who} ne reçoit plus les messages de cette liste.`,
    done: 'Vous êtes désabonné',
    doneExplained: (who) => `${who} ne reçoit plus de lettres d’information ni d’offres de cet expéditeur.`,
    undo: 'Se réabonner',
    unknown: 'Ce lien est inconnu',
    unknownExplained: 'Il a été coupé ou modifié en route. Copiez le lien entier du message.',
  },
  de: {
    language: 'de',
    ask: 'Abmelden',
    explain: (who) => `${who} bekommt keine Rundschreiben und Angebote dieses Absenders mehr.`,
    button: 'Abmelden',
    explainList: (who) =>
      `Die Mail ging an einen Verteiler dieses Absenders. Soll ${who} keine Mails dieses Verteilers mehr bekommen, oder gar keine Rundschreiben und Angebote dieses Absenders?`,
    leaveList: 'Von diesem Verteiler abmelden',
    leaveEverything: 'Von allem dieses Absenders abmelden',
    leftList: (who) => `${who} bekommt keine Mails dieses Verteilers mehr.`,
    done: 'Sie sind abgemeldet',
    doneExplained: (who) => `${who} bekommt keine Rundschreiben und Angebote dieses Absenders mehr.`,
    undo: 'Wieder anmelden',
    unknown: 'Dieser Link ist unbekannt',
    unknownExplained: 'Er wurde unterwegs gekürzt oder geändert. Kopieren Sie den ganzen Link aus der Mail.',
  },
}

export function unsubscribeTexts({ url, headers }: FastifyRequest): UnsubscribeTexts {
  const asked = /[?&]l=([a-z]{2})\b/i.exec(url)?.[1]
  const spoken = (headers['accept-language'] ?? '').split(',').map((one) => one.trim().slice(0, 2))
  for (const language of [asked, ...spoken, 'en']) {
    const found = texts[language?.toLowerCase() ?? '']
    if (found !== undefined) return found
  }
  throw new Error('there are no English texts')
}
