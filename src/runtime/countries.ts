/** Which country an address is in, by a database file in MaxMind's format that the operator brings along. */
import { type CountryResponse, open } from 'maxmind'

/** Two capital letters; '' when the file does not say, or there is none. */
export type CountryOf = (ip: string) => string

export async function openCountries(path: string | undefined): Promise<CountryOf> {
  if (path === undefined) return () => ''
  const reader = await open<CountryResponse>(path).catch((error: unknown) => {
    throw new Error(`The file of tracking.geo_database cannot be read as a MaxMind database: ${path}`, {
      cause: error,
    })
  })
  return (ip) => {
    try {
      const found = reader.get(ip)
      return found?.country?.iso_code ?? found?.registered_country?.iso_code ?? ''
    } catch {
      // Not an address, such as one that a proxy made up.
      return ''
    }
  }
}
