import { defineTexts } from './define.ts'

export const settingsTexts = defineTexts({
  en: {
    title: 'General Settings',
    developerTools: 'Developer Tools',
    activate: 'Activate the developer mode',
    deactivate: 'Deactivate the developer mode',
    developerHint:
      'Shows the menu Technical: outgoing mail servers, system parameters, aliases, and why mail goes which way.',
    toServers: 'Outgoing Mail Servers',
    about: 'About this installation',
    version: 'Version',
    mode: 'Mode',
    modes: { lab: 'Lab: nothing leaves this machine', live: 'Live' },
    address: 'Address',
    backup: 'Backup',
    backupHint:
      'Writes a consistent copy of the database to a new file on the machine of the server, while it runs.',
    backupFile: 'File on the server',
    backupNow: 'Write a backup',
    backupDone: (file: string) => `Written to ${file}`,
  },
  fr: {
    title: 'Paramètres généraux',
    developerTools: 'Outils pour développeurs',
    activate: 'Activer le mode développeur',
    deactivate: 'Désactiver le mode développeur',
    developerHint:
      'Affiche le menu Technique : serveurs d’envoi, paramètres système, alias, et pourquoi le courrier prend tel chemin.',
    toServers: 'Serveurs d’envoi',
    about: 'À propos de cette installation',
    version: 'Version',
    mode: 'Mode',
    modes: { lab: 'Laboratoire : rien ne quitte cette machine', live: 'En service' },
    address: 'Adresse',
    backup: 'Sauvegarde',
    backupHint:
      'Écrit une copie cohérente de la base dans un nouveau fichier sur la machine du serveur, pendant qu’il tourne.',
    backupFile: 'Fichier sur le serveur',
    backupNow: 'Écrire une sauvegarde',
    backupDone: (file) => `Écrite dans ${file}`,
  },
})
