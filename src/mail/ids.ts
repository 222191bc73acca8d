/** Branded ids, so that the compiler tells them apart. All are integers from one sequence, below 2^53. */
declare const brand: unique symbol
type Id<Name extends string> = number & { readonly [brand]: Name }

export type AccountId = Id<'account'>
export type KeyId = Id<'key'>
export type MessageId = Id<'message'>
export type DeliveryId = Id<'delivery'>
export type AttemptId = Id<'attempt'>
export type WorkId = Id<'work'>
export type DomainId = Id<'domain'>
export type SenderId = Id<'sender'>
export type CampaignId = Id<'campaign'>
export type ServerId = Id<'outgoing-server'>
export type UserId = Id<'user'>
export type SessionId = Id<'session'>
export type AliasId = Id<'alias'>
export type LeadId = Id<'lead'>
export type InboxId = Id<'inbox'>
export type ContactId = Id<'contact'>
export type ContactListId = Id<'contact-list'>
export type MemberId = Id<'list-member'>
export type PropertyId = Id<'contact-property'>
export type SegmentId = Id<'segment'>
export type ContactJobId = Id<'contact-job'>
export type SignupId = Id<'contact-signup'>
export type UploadId = Id<'contact-upload'>
export type TemplateId = Id<'template'>
export type WebhookId = Id<'webhook'>
export type CallId = Id<'webhook-call'>
