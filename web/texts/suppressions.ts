import { defineTexts } from './define.ts'

export const suppressionsTexts = defineTexts({
  en: {
    title: 'Suppressions',
    about:
      'Addresses that are not sent to: mail to them is blocked before it leaves, with an event that says so.',
    search: 'Beginning of an address, or @domain',
    reason: 'Reason',
    anyReason: 'Any reason',
    reasons: {
      'hard-bounce': 'Refused for good',
      'soft-bounces': 'Refused again and again',
      complaint: 'Called our mail spam',
      unsubscribe: 'Asked for no more',
      manual: 'Added by hand',
      import: 'Imported',
    },
    address: 'Address',
    since: 'Since',
    told: 'What told us',
    toMessage: 'The message',
    add: 'Add',
    addTitle: 'Add addresses',
    addHint: 'One on each line, or a list with commas. They are not sent to from now on.',
    addFile: 'Or a text file',
    addresses: 'Addresses',
    added: (added: number, known: number) => `${added} added, ${known} were on the list already.`,
    refused: 'Not taken:',
    export: 'Export (CSV)',
    remove: (address: string) => `Remove ${address}`,
    removeSure: (address: string) =>
      `${address} is sent to again. If it still refuses, it comes back onto the list.`,
    none: 'Nobody is on the list',
    noneHint:
      'Addresses that refuse mail for good, and people who complain or unsubscribe, come here by themselves.',
    nothingFound: 'No such address on the list',
  },
  fr: {
    title: 'Suppressions',
    about:
      'Les adresses auxquelles on n’envoie pas : le courrier pour elles est bloqué avant de partir, avec un événement qui le dit.',
    search: 'Début d’une adresse, ou @domaine',
    reason: 'Motif',
    anyReason: 'Tous les motifs',
    reasons: {
      'hard-bounce': 'Refus définitif',
      'soft-bounces': 'Refus répétés',
      complaint: 'Nous a signalés comme indésirables',
      unsubscribe: 'Ne veut plus rien recevoir',
      manual: 'Ajoutée à la main',
      import: 'Importée',
    },
    address: 'Adresse',
    since: 'Depuis',
    told: 'Ce qui nous l’a appris',
    toMessage: 'Le message',
    add: 'Ajouter',
    addTitle: 'Ajouter des adresses',
    addHint:
      'Une par ligne, ou une liste séparée par des virgules. On ne leur envoie plus rien dès maintenant.',
    addFile: 'Ou un fichier texte',
    addresses: 'Adresses',
    added: (added, known) => `${added} ajoutées, ${known} étaient déjà sur la liste.`,
    refused: 'Non retenues :',
    export: 'Exporter (CSV)',
    remove: (address) => `Supprimer ${address}`,
    removeSure: (address) =>
      `On envoie de nouveau à ${address}. Si elle refuse encore, elle revient sur la liste.`,
    none: 'La liste est vide',
    noneHint:
      'Les adresses qui refusent définitivement, et les personnes qui se plaignent ou se désabonnent, y viennent d’elles-mêmes.',
    nothingFound: 'Aucune adresse de ce genre sur la liste',
  },
})
