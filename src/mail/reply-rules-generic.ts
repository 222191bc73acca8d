/** What anybody's words mean, in the order in which they are tried, after the providers' own (reply-rules-provider.ts). */
import type { ReplyRule } from './reply-rule.ts'

const minuteMs = 60_000

export const textRules: readonly ReplyRule[] = [
  {
    class: 'greylisted',
    text: /gr[ea]y[- ]?list/i,
    samples: [
      '450 4.2.0 <lea@customer.example>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/',
      '451 4.7.1 Greylisting in action, please come back in 00:04:59',
      '450 4.7.1 Please try again later, you are grey listed',
    ],
  },
  {
    class: 'auth-failed',
    text: /\bdmarc\b/i,
    samples: ['550 5.7.1 Email rejected per DMARC policy for shop.example'],
  },
  {
    class: 'auth-failed',
    text: /\bSPF\b.{0,80}(?:fail|reject|not (?:pass|permit|authori[sz]ed))|(?:fail|reject).{0,40}\bSPF\b/i,
    samples: ['550 5.7.1 SPF check failed: 192.0.2.1 is not allowed to send mail from shop.example'],
  },
  {
    class: 'auth-failed',
    text: /\bDKIM\b.{0,80}(?:fail|invalid|missing|did not)/i,
    samples: ['550 5.7.20 DKIM signature verification failed'],
  },
  {
    class: 'auth-failed',
    text: /cannot find your (?:reverse )?hostname|reverse dns|\bPTR\b|no rdns/i,
    samples: [
      '450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]',
      '550 5.7.25 The IP address sending this message does not have a PTR record setup.',
    ],
  },
  {
    class: 'auth-failed',
    text: /must issue a STARTTLS|TLS (?:is )?required|encryption required|requires? (?:the use of )?(?:TLS|encryption)/i,
    samples: [
      '530 5.7.0 Must issue a STARTTLS command first',
      '550 5.7.29 This message was not sent over a TLS connection. TLS required.',
    ],
  },
  {
    class: 'domain-blocked',
    text: /\b(?:dbl|uribl|surbl)\b|sender domain.{0,60}(?:listed|blacklist|blocklist|reputation)/i,
    samples: [
      '554 5.7.1 Sender domain shop.example is listed on a reputation list',
      '550 5.7.1 Blocked by SURBL: shop.example',
    ],
  },
  {
    class: 'spam-content',
    text: /\b(?:url|uri|link)s?\b.{0,60}(?:listed|black ?list|block ?list|blocked)/i,
    samples: ['554 5.7.1 The message contains a URL blacklisted by our filter'],
  },
  {
    class: 'dnsbl',
    text: /spamhaus|sorbs|spamcop|\bdnsbl\b|\brbl\b|\bzen\./i,
    samples: [
      '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1',
    ],
  },
  {
    class: 'dnsbl',
    text: /(?:black|block)[- ]?list|\blisted (?:at|by|in|on)\b/i,
    samples: [
      '550 5.7.1 192.0.2.1 is on our blacklist',
      '554 Your address 192.0.2.1 is listed in a public list',
    ],
  },
  {
    class: 'throttled',
    text: /too many (?:concurrent |simultaneous |open )?(?:smtp )?(?:connections|sessions)|connection limit|connections? .{0,30}exceed/i,
    action: 'one-connection',
    retryAfterMs: 10 * minuteMs,
    samples: ['421 4.7.0 Too many connections from your IP', '421 4.3.2 Connection limit exceeded'],
  },
  {
    class: 'transient',
    text: /too many recipients/i,
    action: 'split-recipients',
    samples: ['452 4.5.3 Error: too many recipients'],
  },
  {
    class: 'throttled',
    text: /rate[- ]?limit|unusual rate|unexpected volume|too (?:many|much) (?:messages|mails?|emails|traffic)|sending too (?:fast|quickly|many)|throttl|slow down|server (?:is )?(?:too )?busy|temporarily deferred/i,
    samples: [
      '450 4.7.1 Error: too many messages from 192.0.2.1, rate limited',
      '421 4.7.0 Server busy, try later',
      '451 4.7.1 You are sending too fast, slow down',
    ],
  },
  {
    class: 'ip-blocked',
    text: /(?:ip|client host|your host|server|address)\b.{0,60}(?:banned|has been blocked|is blocked|blocked for|poor reputation|bad reputation|low reputation)|client host rejected: access denied/i,
    samples: [
      '554 5.7.1 Your IP 192.0.2.1 has been blocked',
      '550 5.7.1 Client host rejected: Access denied',
      '554 Connection refused: the IP address has a poor reputation',
    ],
  },
  {
    class: 'relay-denied',
    text: /relay|not permitted to relay|authentication (?:is )?required|not local host/i,
    samples: [
      '554 5.7.1 <lea@customer.example>: Relay access denied',
      '550 5.7.1 Unable to relay for lea@customer.example',
      '530 5.7.1 Authentication required',
    ],
  },
  {
    class: 'bad-message',
    text: /sender (?:address )?(?:rejected|verif|domain|unknown)|(?:invalid|unknown) sender|domain of sender/i,
    samples: [
      '450 4.1.8 <news@shop.example>: Sender address rejected: Domain not found',
      '550 5.1.7 Invalid sender',
    ],
  },
  {
    class: 'mailbox-full',
    text: /quota|mailbox (?:is )?(?:full|size)|(?:inbox|mailbox).{0,40}full|storage|exceeded.{0,30}(?:space|limit of mailbox)/i,
    samples: ['552 5.2.2 Mailbox full', '452 Over quota', '550 Insufficient system storage in mailbox'],
  },
  {
    class: 'inactive',
    text: /(?:account|mailbox|user|address|recipient).{0,60}(?:disabled|inactive|suspended|closed|deactivated|no longer (?:active|valid|available|in use))/i,
    samples: ['550 Mailbox disabled, not accepting messages', '550 Account has been suspended'],
  },
  {
    class: 'too-large',
    text: /(?:message|size|mail).{0,40}(?:too (?:large|big)|exceeds? .{0,40}(?:size|limit|maximum))|exceeds? (?:the )?(?:maximum|fixed|allowed) .{0,30}size/i,
    samples: ['552 5.3.4 Message size exceeds fixed limit', '552 Message too large'],
  },
  {
    class: 'invalid-recipient',
    text: /(?:user|recipient|mailbox|account|address|alias)\b.{0,60}(?:unknown|not (?:be )?found|does(?: not|n'?t) exist|not exist|not known|invalid|is not valid|not recogni[sz]ed|not a valid)|unknown (?:user|mailbox|recipient|address|local)|no such (?:user|mailbox|recipient|address|person|local user|domain user)|no mailbox here|invalid (?:recipient|mailbox|address|user)|not our customer|unrouteable address|undeliverable address/i,
    samples: [
      '550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the address',
      '550 5.1.1 <gone@customer.example>: Recipient address rejected: User unknown in virtual mailbox table',
      '550 No such user here',
      '550 5.1.1 unknown mailbox',
      '553 5.3.0 <gone@customer.example>... Unknown user',
    ],
  },
  {
    class: 'loop',
    text: /mail loop|too many hops|routing loop|loops back/i,
    samples: ['554 5.4.6 Too many hops, mail loop detected'],
  },
  {
    class: 'spam-content',
    text: /\bspam\b|unsolicited|virus|malware|phish|junk mail|spamm?y|message content|content (?:rejected|filter)|prohibited attachment/i,
    samples: [
      '554 5.7.1 Message rejected as spam',
      '550 High probability of spam',
      '554 5.6.0 Message contains a virus',
      '554 Message content rejected',
    ],
  },
  {
    class: 'bad-message',
    text: /(?:multiple|missing|duplicate|malformed|invalid) .{0,30}(?:header|from:|date:|message-id)|line (?:is )?too long|bare (?:cr|lf|linefeed)|not rfc/i,
    samples: ['550 5.6.0 Missing From header', '554 5.6.11 bare LF not allowed', '500 5.5.2 Line too long'],
  },
  {
    class: 'greylisted',
    text: /(?:try again|retry|come back|wait).{0,30}\d{1,6} ?(?:s|sec|secs|seconds?|m|min|mins|minutes?)\b/i,
    code: /^4/,
    samples: ['451 4.7.1 Please try again in 300 seconds', '450 Temporarily rejected, retry after 5 minutes'],
  },
  {
    class: 'invalid-recipient',
    text: /address rejected/i,
    stages: ['rcpt'],
    enhanced: /^(?![45]\.7\.)/,
    samples: ['550 5.1.0 Address rejected', '554 Recipient address rejected'],
  },
]

/** For enhanced codes when the words say nothing: `class.subject.detail` without the class where that is the same. */
export const enhancedRules: readonly ReplyRule[] = [
  {
    class: 'bad-domain',
    enhanced: /^5\.1\.10$|^5\.7\.18$/,
    samples: ['556 5.1.10 Refused', '550 5.7.18 Refused'],
  },
  { class: 'bad-domain', enhanced: /^[45]\.1\.2$/, samples: ['550 5.1.2 Refused'] },
  {
    class: 'invalid-recipient',
    enhanced: /^[45]\.1\.[0136]$/,
    samples: ['550 5.1.1 Refused', '550 5.1.0 Refused', '450 4.1.1 Refused'],
  },
  {
    class: 'bad-message',
    enhanced: /^[45]\.1\.[78]$|^5\.7\.27$/,
    samples: ['550 5.1.8 Refused', '550 5.7.27 Refused'],
  },
  {
    class: 'inactive',
    enhanced: /^[45]\.2\.1$|^5\.7\.13$/,
    samples: ['550 5.2.1 Refused', '550 5.7.13 Refused'],
  },
  { class: 'mailbox-full', enhanced: /^[45]\.2\.2$/, samples: ['552 5.2.2 Refused'] },
  {
    class: 'too-large',
    enhanced: /^[45]\.(?:2\.3|3\.4)$/,
    samples: ['552 5.3.4 Refused', '552 5.2.3 Refused'],
  },
  {
    class: 'transient',
    enhanced: /^[45]\.(?:2\.4|3\.[025]|4\.5)$|^4\.3\.1$/,
    samples: ['451 4.3.0 Refused', '452 4.3.1 Refused', '451 4.4.5 Refused'],
  },
  { class: 'dns', enhanced: /^[45]\.4\.[34]$/, samples: ['451 4.4.3 Refused'] },
  { class: 'connection', enhanced: /^[45]\.4\.[12]$/, samples: ['451 4.4.1 Refused', '421 4.4.2 Refused'] },
  { class: 'loop', enhanced: /^[45]\.4\.(?:6|14)$/, samples: ['554 5.4.6 Refused', '554 5.4.14 Refused'] },
  { class: 'expired', enhanced: /^[45]\.4\.7$/, samples: ['554 5.4.7 Refused'] },
  {
    class: 'transient',
    enhanced: /^[45]\.5\.3$/,
    action: 'split-recipients',
    samples: ['452 4.5.3 Refused'],
  },
  {
    class: 'bad-message',
    enhanced: /^[45]\.(?:5|6)\.\d{1,3}$/,
    samples: ['554 5.6.0 Refused', '501 5.5.4 Refused'],
  },
  { class: 'invalid-recipient', enhanced: /^5\.7\.17$/, samples: ['550 5.7.17 Refused'] },
  { class: 'throttled', enhanced: /^[45]\.7\.28$/, samples: ['421 4.7.28 Refused'] },
  // RFC 8689: they cannot keep the promise that REQUIRETLS asks for.
  { class: 'policy', enhanced: /^[45]\.7\.30$/, samples: ['550 5.7.30 Refused'] },
  {
    class: 'auth-failed',
    enhanced: /^5\.7\.2[0-2]$|^[45]\.7\.(?:2[3-79]|3[12])$/,
    samples: ['550 5.7.20 Refused', '550 5.7.26 Refused', '450 4.7.23 Refused', '421 4.7.32 Refused'],
  },
  { class: 'policy', enhanced: /^[45]\.7\.\d{1,3}$/, samples: ['550 5.7.1 Refused', '450 4.7.1 Refused'] },
]

/** For bare codes, by stage. */
export const codeRules: readonly ReplyRule[] = [
  {
    class: 'bad-domain',
    code: /^(?:521|556)$/,
    stages: ['mail', 'rcpt', 'data', 'final'],
    samples: ['556 Refused'],
  },
  { class: 'throttled', code: /^421$/, samples: ['421 Closing'] },
  { class: 'mailbox-full', code: /^452$/, stages: ['rcpt'], samples: ['452 Refused'] },
  { class: 'transient', code: /^4/, samples: ['450 Refused', '451 Refused', '432 Refused'] },
  { class: 'ip-blocked', code: /^5/, stages: ['greeting'], samples: ['554 No SMTP service here'] },
  {
    class: 'invalid-recipient',
    code: /^55[013]$/,
    stages: ['rcpt'],
    samples: ['550 Refused', '551 Refused', '553 Refused'],
  },
  { class: 'mailbox-full', code: /^552$/, stages: ['rcpt', 'data', 'final'], samples: ['552 Refused'] },
  { class: 'policy', code: /^554$/, stages: ['data', 'final'], samples: ['554 Refused'] },
]
