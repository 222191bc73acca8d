/** Length is what counts (NIST SP 800-63B §5.1.1.2): no rules about digits and signs, but no well-known password. */

const shortest = 10
/** Hashing has to read it all. */
const longest = 512

/** Why a password is not taken, in words; undefined when it is. */
export function weaknessOf(password: string, { email }: { email: string }): string | undefined {
  const length = [...password].length
  if (length < shortest) return `A password has at least ${shortest} characters; this one has ${length}.`
  if (length > longest) return `A password has at most ${longest} characters; this one has ${length}.`
  const plain = password.toLowerCase()
  const local = email.toLowerCase().replace(/@.*$/, '')
  if (plain.includes(email.toLowerCase()) || (local.length >= 4 && plain.includes(local))) {
    return 'A password does not contain the e-mail address: that is what is tried first.'
  }
  if (new Set(plain).size < 5) return 'A password has more than a few different characters.'
  if (isWellKnown(plain)) return 'This password is on the lists that attackers try first. Choose another.'
  return undefined
}

/** Also with digits or signs behind it: `password2024!`. */
function isWellKnown(plain: string): boolean {
  const simple = plain
    .replace(/[^a-z]+$/, '')
    .replaceAll('@', 'a')
    .replaceAll('0', 'o')
    .replaceAll('$', 's')
    .replaceAll('3', 'e')
  return wellKnown.has(plain) || wellKnown.has(simple) || isRun(plain)
}

/** Characters that follow each other on the keyboard or in the alphabet, over and over. */
function isRun(plain: string): boolean {
  const rows = [
    '1234567890',
    'abcdefghijklmnopqrstuvwxyz',
    'qwertyuiop',
    'asdfghjkl',
    'zxcvbnm',
    'azertyuiop',
  ]
  return rows.some((row) => {
    const both = [row.repeat(10), [...row].reverse().join('').repeat(10)]
    return both.some((text) => text.includes(plain))
  })
}

const wellKnown = new Set(
  `password passwort motdepasse changeme letmein welcome administrator administrateur
  iloveyou sunshine princess football baseball superman batman starwars dragon monkey shadow master trustno
  qwertyuiop qwerty azerty azertyuiop asdfghjkl zxcvbnm abc abcdef abcdefgh
  passwordpassword adminadmin testtest secretsecret mypassword yourpassword newpassword defaultpassword
  letmeinplease letmeinnow opensesame correcthorsebatterystaple thisismypassword ilovepassword passw iloveyouforever
  paravion paravionparavion mailjet mailserver postmaster webmaster
  qwertyqwerty azertyazerty 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc zaq12wsx qazwsxedc qazwsxedcrfv
  123456789a 1234567890 12345678910 0123456789 987654321a q1w2e3r4t5 q1w2e3r4t5y6
  abcd1234 abcdef1234 abc1234567 aa123456789 password123 password1234 football123 bienvenue bonjour doudou
  jetaime soleil loulou chouchou marseille`
    .split(/\s+/)
    .filter((word) => word !== ''),
)
