import type { AnyResource } from '../define-resource.ts'
import { apikey } from './apikey.ts'
import { batchjob } from './batchjob.ts'
import { campaign } from './campaigns/campaign.ts'
import { campaignoverview } from './campaigns/campaignoverview.ts'
import { campaigndraft, newsletter } from './campaigns/drafts.ts'
import { contact } from './contact.ts'
import { contactdata } from './contactdata.ts'
import { contactfilter } from './contactfilter.ts'
import { contactmetadata } from './contactmetadata.ts'
import { contactslist } from './contactslist.ts'
import { contactslistsignup } from './contactslistsignup.ts'
import { csvimport } from './csvimport.ts'
import { dns } from './dns.ts'
import { eventcallbackurl } from './eventcallbackurl.ts'
import { listrecipient } from './listrecipient.ts'
import { message } from './message.ts'
import { messageHistory } from './message-history.ts'
import { messageInformation } from './message-information.ts'
import { messageState } from './message-state.ts'
import { createMetadata } from './metadata.ts'
import { metasender } from './metasender.ts'
import { parseroute } from './parseroute.ts'
import { returnPath } from './return-path.ts'
import { sender } from './sender.ts'
import { aggregates } from './statistics/aggregates.ts'
import { bounceStatistics } from './statistics/bouncestatistics.ts'
import { linkClick, recipientEsp } from './statistics/by-campaign.ts'
import { campaignStatistics } from './statistics/campaignstatistics.ts'
import { chosenTotals } from './statistics/chosen-totals.ts'
import { listStatisticsResource } from './statistics/liststatistics.ts'
import { messageSentStatistics } from './statistics/messagesentstatistics.ts'
import { statisticsOfContacts } from './statistics/of-contacts.ts'
import { statcounters } from './statistics/statcounters.ts'
import { topLists } from './statistics/top-lists.ts'
import { clickStatistics, openInformation } from './statistics/visits.ts'
import { template } from './template.ts'
import { myProfile, user } from './user.ts'

/** Everything under `/v3/REST`, by name. */
export const resources: readonly AnyResource[] = [
  apikey,
  batchjob,
  campaign,
  campaigndraft,
  campaignoverview,
  contact,
  contactdata,
  contactfilter,
  contactmetadata,
  contactslist,
  contactslistsignup,
  csvimport,
  dns,
  eventcallbackurl,
  listrecipient,
  message,
  messageHistory,
  messageInformation,
  messageState,
  createMetadata(() => resources),
  metasender,
  myProfile,
  newsletter,
  parseroute,
  returnPath,
  sender,
  template,
  user,
  ...aggregates,
  bounceStatistics,
  campaignStatistics,
  ...chosenTotals,
  clickStatistics,
  linkClick,
  listStatisticsResource,
  messageSentStatistics,
  openInformation,
  recipientEsp,
  statcounters,
  ...statisticsOfContacts,
  ...topLists,
].toSorted((a, b) => (a.name < b.name ? -1 : 1))
