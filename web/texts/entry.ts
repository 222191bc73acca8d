import { defineTexts } from './define.ts'

export const entryTexts = defineTexts({
  en: {
    tagline: 'The mail service you own',
    signIn: 'Sign in',
    email: 'E-mail address',
    password: 'Password',
    code: 'Code of your authenticator app',
    codeHint: 'Or one of your recovery codes',
    forgot:
      'Forgotten? An owner can make you a new link, or run “npx paravion user reset-password” on the server.',
    setupTitle: 'Welcome to Paravion',
    setupIntro: 'Make the first account: it owns this installation and can invite others.',
    setupNeeded:
      'Nobody may sign in yet. Open the link that the start of the server has printed, or run “npx paravion setup” to print a new one.',
    name: 'Name',
    createOwner: 'Create the account',
    passwordHint: 'At least 10 characters. A sentence is better than a riddle.',
    repeat: 'Password again',
    notSame: 'The two passwords differ',
    invitationTitle: 'Choose your password',
    invitationFor: (email: string) => `For ${email}`,
    choose: 'Save the password',
    chosen: 'The password is saved. Sign in with it.',
    incompleteLink: 'This link is incomplete: open it whole, as it was printed.',
  },
  fr: {
    tagline: 'Le service de messagerie qui vous appartient',
    signIn: 'Se connecter',
    email: 'Adresse e-mail',
    password: 'Mot de passe',
    code: 'Code de votre application d’authentification',
    codeHint: 'Ou l’un de vos codes de secours',
    forgot:
      'Oublié ? Un propriétaire peut vous donner un nouveau lien, ou lancer « npx paravion user reset-password » sur le serveur.',
    setupTitle: 'Bienvenue dans Paravion',
    setupIntro: 'Créez le premier compte : il possède cette installation et peut inviter d’autres personnes.',
    setupNeeded:
      'Personne ne peut encore se connecter. Ouvrez le lien affiché au démarrage du serveur, ou lancez « npx paravion setup » pour en obtenir un autre.',
    name: 'Nom',
    createOwner: 'Créer le compte',
    passwordHint: 'Au moins 10 caractères. Une phrase vaut mieux qu’une énigme.',
    repeat: 'Mot de passe, encore',
    notSame: 'Les deux mots de passe diffèrent',
    invitationTitle: 'Choisissez votre mot de passe',
    invitationFor: (email) => `Pour ${email}`,
    choose: 'Enregistrer le mot de passe',
    chosen: 'Le mot de passe est enregistré. Connectez-vous avec.',
    incompleteLink: 'Ce lien est incomplet : ouvrez-le en entier, tel qu’il a été affiché.',
  },
})
