/** What the words of the large receivers mean, in the order in which they are tried. */
import type { ReplyRule } from './reply-rule.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

const google: readonly ReplyRule[] = [
  {
    // 24 and 27 are SPF, 30 is DKIM, 32 alignment, 23 and 25 PTR, 29 TLS: no matter that the words speak of rates.
    class: 'auth-failed',
    enhanced: /^[45]\.7\.(?:2[3-7]|29|30|32)$/,
    providers: ['google'],
    samples: [
      '421 4.7.26 Your email has been rate limited because it is unauthenticated.',
      '550 5.7.30 Your email has been blocked because the sender did not pass DKIM authentication.',
    ],
  },
  {
    class: 'recipient-rate',
    text: /at a rate|too quickly/i,
    enhanced: /^[45]\.2\.1$/,
    samples: [
      '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered. Please resend your message at a later time.',
      '550 5.2.1 The user you are trying to contact is receiving mail too quickly.',
    ],
  },
  {
    class: 'inactive',
    text: /OverQuotaPerm/i,
    samples: [
      '552 5.2.2 The email account that you tried to reach is over quota and inactive. https://support.google.com/mail/?p=OverQuotaPerm ab12 - gsmtp',
    ],
  },
  {
    class: 'mailbox-full',
    text: /storage|over ?quota/i,
    enhanced: /^[45]\.2\.2$/,
    samples: [
      "452 4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to its help page.",
    ],
  },
  {
    class: 'inactive',
    text: /disabled|inactive/i,
    enhanced: /^5\.2\.1$/,
    samples: ['550 5.2.1 The email account that you tried to reach is disabled. Learn more - gsmtp'],
  },
  {
    class: 'bad-message',
    text: /same message-id/i,
    enhanced: /^4\.7\.28$/,
    samples: ['421 4.7.28 Our system has detected many messages with the same Message-ID header.'],
  },
  {
    class: 'throttled',
    text: /unusual rate/i,
    samples: [
      '421 4.7.0 [192.0.2.1 15] Our system has detected an unusual rate of unsolicited mail originating from your IP address.',
    ],
  },
  {
    class: 'ip-blocked',
    text: /very low reputation of the sending ip/i,
    samples: [
      '550 5.7.1 [192.0.2.1] Our system has detected that this message is likely suspicious due to the very low reputation of the sending IP address.',
    ],
  },
  {
    class: 'domain-blocked',
    text: /very low reputation of the sending domain/i,
    samples: [
      '421 4.7.0 This message is likely suspicious due to the very low reputation of the sending domain.',
    ],
  },
  {
    class: 'spam-content',
    text: /likely (?:unsolicited|suspicious)|suspicious/i,
    enhanced: /^[45]\.7\.[01]$/,
    providers: ['google'],
    samples: [
      '550 5.7.1 [192.0.2.1 12] Our system has detected that this message is likely unsolicited mail.',
    ],
  },
  {
    class: 'bad-message',
    text: /RFC 5322|'?From'? header|Message-ID|multiple addresses in From/i,
    enhanced: /^5\.7\.1$/,
    samples: [
      '550 5.7.1 [192.0.2.1] Messages missing a valid Message-ID header are not accepted.',
      '550 5.7.1 This message is not RFC 5322 compliant.',
    ],
  },
  {
    class: 'spam-content',
    text: /security issue|attachment/i,
    enhanced: /^5\.7\.0$/,
    samples: ['552 5.7.0 This message was blocked because its content presents a potential security issue.'],
  },
  {
    class: 'throttled',
    text: /sending limit/i,
    enhanced: /^[45]\.4\.5$/,
    retryAfterMs: 24 * hourMs,
    samples: [
      '550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to its help page.',
    ],
  },
]

const yahoo: readonly ReplyRule[] = [
  {
    class: 'throttled',
    text: /\[TSS04\]/i,
    retryAfterMs: 2 * hourMs,
    samples: [
      '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints',
    ],
  },
  {
    class: 'throttled',
    text: /\[(?:TSS05|IPTS04)\]/i,
    retryAfterMs: 4 * hourMs,
    samples: [
      '421 4.7.0 [TSS05] Messages from 192.0.2.1 temporarily deferred',
      '421 4.7.1 [IPTS04] Messages temporarily deferred',
    ],
  },
  {
    class: 'ip-blocked',
    text: /\[(?:TS03|TSS09)\]|permanently deferred/i,
    samples: [
      '421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.',
    ],
  },
  {
    class: 'throttled',
    text: /\[(?:TS01|TS02|TSS02)\]/i,
    samples: ['421 4.7.0 [TS01] Messages from 192.0.2.1 temporarily deferred due to user complaints'],
  },
  {
    class: 'dnsbl',
    text: /\[BL2[13]\]/i,
    samples: ['553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1'],
  },
  {
    class: 'auth-failed',
    text: /authenticate with either SPF or DKIM/i,
    samples: [
      '550 5.7.9 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.',
    ],
  },
  {
    class: 'policy',
    enhanced: /^5\.7\.9$/,
    code: /^554$/,
    samples: ['554 5.7.9 Message not accepted for policy reasons. See its help page.'],
  },
  { class: 'policy', text: /policy reasons/i, samples: ['554 Message not accepted for policy reasons.'] },
  {
    class: 'invalid-recipient',
    text: /mailbox not found|doesn'?t have an? .{1,40} account/i,
    samples: [
      "554 delivery error: dd This user doesn't have a yahoo.com account (gone@yahoo.com) [0]",
      '554 delivery error: dd Requested mail action aborted - mailbox not found',
    ],
  },
  {
    class: 'inactive',
    text: /(?:disabled|no longer valid).{0,80}\(554\.30\)|\b30\b.{0,80}(?:disabled|no longer valid)/i,
    samples: [
      '554 30 Sorry, your message to gone@yahoo.com cannot be delivered. This mailbox is disabled (554.30).',
    ],
  },
  {
    class: 'throttled',
    text: /max(?:imum)? messages? per connection/i,
    action: 'close-connection',
    samples: ['421 Max message per connection reached, closing transmission channel'],
  },
]

const microsoft: readonly ReplyRule[] = [
  {
    class: 'auth-failed',
    enhanced: /^5\.7\.(?:515|509|23)$/,
    samples: [
      '550 5.7.515 Access denied, sending domain shop.example does not meet the required authentication level.',
    ],
  },
  {
    class: 'ip-blocked',
    text: /\bS31[45]0\b/,
    samples: [
      '550 5.7.1 Unfortunately, messages from [192.0.2.1] were not sent. Please contact your Internet service provider since part of their network is on our block list (S3140).',
    ],
  },
  {
    class: 'throttled',
    text: /\bRP-00[1-3]\b|rate limited due to ip reputation/i,
    samples: [
      '421 RP-001 (BAY0) Unfortunately, some messages from 192.0.2.1 were not sent.',
      '451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.',
    ],
  },
  {
    class: 'ip-blocked',
    text: /\b(?:SC|DY|OU)-00\d\b/,
    samples: ['550 SC-001 (BAY0) Unfortunately, messages from 192.0.2.1 were not sent.'],
  },
  {
    class: 'ip-blocked',
    enhanced: /^5\.7\.(?:60[6-9]|6[1-4]\d|511)$/,
    samples: [
      '550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal visit the delisting page.',
    ],
  },
  {
    class: 'throttled',
    enhanced: /^4\.7\.(?:[56]\d\d|8[5-9]\d)$/,
    samples: ['451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)'],
  },
  {
    class: 'throttled',
    enhanced: /^5\.7\.508$/,
    samples: [
      '550 5.7.508 Access denied, [2001:db8::1] has exceeded permitted limits within 2001:db8::/64 range',
    ],
  },
  {
    class: 'throttled',
    text: /\bAS\(\d{1,12}\)/,
    code: /^4/,
    samples: ['451 Please try again later. AS(201806281)'],
  },
  {
    class: 'invalid-recipient',
    text: /recipient address rejected: access denied/i,
    enhanced: /^5\.(?:4\.1|1\.10)$/,
    samples: [
      '550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT001.eop-EUR02.prod.protection.outlook.com]',
    ],
  },
  {
    class: 'invalid-recipient',
    enhanced: /^5\.1\.10$/,
    providers: ['microsoft-365'],
    samples: ['550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'],
  },
  {
    class: 'invalid-recipient',
    text: /mailbox unavailable/i,
    enhanced: /^5\.5\.0$/,
    providers: ['microsoft-consumer'],
    samples: ['550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).'],
  },
  {
    class: 'connection',
    enhanced: /^4\.4\.(?:316|4)$/,
    samples: ['450 4.4.316 Connection refused [Message=Socket error code 10061]'],
  },
]

const others: readonly ReplyRule[] = [
  {
    class: 'domain-blocked',
    text: /spamhaus.{0,60}\bDBL\b|\bDBL\b.{0,60}spamhaus/i,
    samples: [
      '554 5.7.1 [HM08] Message rejected: domain listed by Spamhaus DBL',
      '554 5.7.1 shop.example is listed in dbl.spamhaus.org',
    ],
  },
  {
    class: 'throttled',
    text: /\[BS02\]|deferred/i,
    providers: ['apple'],
    samples: ['421 4.7.0 [BS02] Message temporarily deferred'],
  },
  {
    class: 'policy',
    text: /\[(?:HM|CS)\d{2}\]|local policy/i,
    providers: ['apple'],
    samples: ['554 5.7.1 [HM08] Message rejected due to local policy.', '550 5.7.1 [CS01] Message rejected'],
  },
  {
    class: 'ip-blocked',
    text: /\bOFR_?00[5-8]/i,
    samples: ['550 5.7.1 Service refuse. Veuillez essayer plus tard. OFR005_104 [104]'],
  },
  {
    class: 'throttled',
    text: /\bOFR_?\d{3}|trop de connexions/i,
    action: 'one-connection',
    samples: [
      '421 Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR004_104 [104]',
    ],
  },
  {
    class: 'throttled',
    text: /policy (?:restrictions|violations)/i,
    code: /^4/,
    providers: ['gmx'],
    samples: [
      '421 Transaction failed. Reject due to policy restrictions. For explanation visit the help page.',
    ],
  },
  {
    class: 'ip-blocked',
    text: /policy (?:restrictions|violations)/i,
    providers: ['gmx'],
    samples: ['554 Transaction failed. Reject due to policy violations.'],
  },
  {
    class: 'ip-blocked',
    text: /ask your postmaster|\(BL\)/i,
    samples: [
      '554 IP=192.0.2.1 - A problem occurred. Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify. (BL)',
    ],
  },
  {
    class: 'throttled',
    text: /\bRL0000\d{2}\b/,
    samples: ['421 4.1.0 192.0.2.1 Throttled - try again later. RL000010'],
  },
  {
    class: 'ip-blocked',
    text: /\bBL0000\d{2}\b/,
    samples: ['554 5.7.1 192.0.2.1 Comcast block for spam. BL000000'],
  },
  {
    class: 'greylisted',
    text: /internal resources? (?:are )?temporarily/i,
    samples: [
      '451 Internal resources are temporarily unavailable - https://community.mimecast.com/docs/DOC-1369',
    ],
  },
  {
    class: 'dnsbl',
    text: /blocked - see .{0,60}proofpoint/i,
    samples: ['554 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.1'],
  },
  {
    class: 'dnsbl',
    text: /blocked using .{0,60}barracuda/i,
    samples: ['554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using Barracuda Reputation'],
  },
  {
    class: 'throttled',
    text: /frequency limited|\bDT:SPM\b|\bHL:ITC\b|\bRP:ORQ\b/i,
    samples: [
      '550 Mail rejected: frequency limited. [abc IP: 192.0.2.1]',
      '554 DT:SPM 163 smtp10,D8CowAB,1 http://mail.163.com/help',
      '550 RP:ORQ',
    ],
  },
]

export const providerRules: readonly ReplyRule[] = [...google, ...yahoo, ...microsoft, ...others]
