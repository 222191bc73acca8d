/** The addresses of the console. A page is loaded when it is first gone to. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
} from '@tanstack/react-router'
import { NotFound } from '../ui/not-found.tsx'
import { Shell } from './shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

function at<Path extends string>(path: Path, component: RouteComponent) {
  return createRoute({ getParentRoute: () => root, path, component })
}

const load = {
  overview: () => import('../pages/overview/overview.tsx'),
  messages: () => import('../pages/messages/messages.tsx'),
  message: () => import('../pages/messages/message.tsx'),
  queue: () => import('../pages/queue/queue.tsx'),
  leads: () => import('../pages/leads/leads.tsx'),
  lead: () => import('../pages/leads/lead.tsx'),
  suppressions: () => import('../pages/suppressions/suppressions.tsx'),
  goLive: () => import('../pages/go-live/go-live.tsx'),
  contacts: () => import('../pages/contacts/contacts.tsx'),
  contactList: () => import('../pages/contacts/list.tsx'),
  campaigns: () => import('../pages/campaigns/campaigns.tsx'),
  campaign: () => import('../pages/campaigns/campaign.tsx'),
  statistics: () => import('../pages/statistics/statistics.tsx'),
  campaignStatistics: () => import('../pages/statistics/campaigns.tsx'),
  oneCampaignStatistics: () => import('../pages/statistics/campaign.tsx'),
  templates: () => import('../pages/templates/templates.tsx'),
  template: () => import('../pages/templates/template.tsx'),
  account: () => import('../pages/account/account.tsx'),
  setup: () => import('../pages/account/setup.tsx'),
  webhooks: () => import('../pages/webhooks/webhooks.tsx'),
  webhook: () => import('../pages/webhooks/webhook.tsx'),
  senders: () => import('../pages/account/senders.tsx'),
  addSender: () => import('../pages/account/add-sender.tsx'),
  addAddress: () => import('../pages/account/add-address.tsx'),
  addDomain: () => import('../pages/account/add-domain.tsx'),
  domain: () => import('../pages/account/domain.tsx'),
  validateDomain: () => import('../pages/account/validate-domain.tsx'),
  general: () => import('../pages/settings/general.tsx'),
  servers: () => import('../pages/technical/servers.tsx'),
  server: () => import('../pages/technical/server.tsx'),
  parameters: () => import('../pages/technical/parameters.tsx'),
  aliases: () => import('../pages/technical/aliases.tsx'),
  explain: () => import('../pages/technical/explain.tsx'),
  users: () => import('../pages/people/users.tsx'),
  profile: () => import('../pages/people/profile.tsx'),
  audit: () => import('../pages/people/audit.tsx'),
  lab: () => import('../pages/lab/lab.tsx'),
  labMessage: () => import('../pages/lab/message.tsx'),
}

const tree = root.addChildren([
  at('/', lazyRouteComponent(load.overview, 'OverviewPage')),
  // The link of the first start, once it was used.
  at('/setup', lazyRouteComponent(load.overview, 'OverviewPage')),
  at('/messages', lazyRouteComponent(load.messages, 'MessagesPage')),
  at('/messages/$id', lazyRouteComponent(load.message, 'MessagePage')),
  at('/queue', lazyRouteComponent(load.queue, 'QueuePage')),
  at('/leads', lazyRouteComponent(load.leads, 'LeadsPage')),
  at('/leads/$id', lazyRouteComponent(load.lead, 'LeadPage')),
  at('/suppressions', lazyRouteComponent(load.suppressions, 'SuppressionsPage')),
  at('/go-live', lazyRouteComponent(load.goLive, 'GoLivePage')),
  at('/contacts', lazyRouteComponent(load.contacts, 'ContactsPage')),
  at('/contacts/$id', lazyRouteComponent(load.contactList, 'ContactListPage')),
  at('/campaigns', lazyRouteComponent(load.campaigns, 'CampaignsPage')),
  at('/campaigns/$id', lazyRouteComponent(load.campaign, 'CampaignPage')),
  at('/statistics', lazyRouteComponent(load.statistics, 'StatisticsPage')),
  at('/statistics/campaigns', lazyRouteComponent(load.campaignStatistics, 'CampaignStatisticsPage')),
  at(
    '/statistics/campaigns/$id',
    lazyRouteComponent(load.oneCampaignStatistics, 'OneCampaignStatisticsPage'),
  ),
  at('/templates', lazyRouteComponent(load.templates, 'TemplatesPage')),
  at('/templates/$id', lazyRouteComponent(load.template, 'TemplatePage')),
  at('/account', lazyRouteComponent(load.account, 'AccountPage')),
  at('/account/setup', lazyRouteComponent(load.setup, 'SetupPage')),
  at('/account/webhooks', lazyRouteComponent(load.webhooks, 'WebhooksPage')),
  at('/account/webhooks/$id', lazyRouteComponent(load.webhook, 'WebhookPage')),
  at('/account/sender', lazyRouteComponent(load.senders, 'SendersPage')),
  at('/account/sender/add', lazyRouteComponent(load.addSender, 'AddSenderPage')),
  at('/account/sender/address', lazyRouteComponent(load.addAddress, 'AddAddressPage')),
  at('/account/sender/domain', lazyRouteComponent(load.addDomain, 'AddDomainPage')),
  at('/account/domain/$name', lazyRouteComponent(load.domain, 'DomainPage')),
  at('/account/domain/$name/validate', lazyRouteComponent(load.validateDomain, 'ValidateDomainPage')),
  at('/settings', lazyRouteComponent(load.general, 'GeneralSettingsPage')),
  at('/technical/outgoing-mail-servers', lazyRouteComponent(load.servers, 'ServersPage')),
  at('/technical/outgoing-mail-servers/new', lazyRouteComponent(load.server, 'ServerPage')),
  at('/technical/outgoing-mail-servers/$id', lazyRouteComponent(load.server, 'ServerPage')),
  at('/technical/system-parameters', lazyRouteComponent(load.parameters, 'ParametersPage')),
  at('/technical/aliases', lazyRouteComponent(load.aliases, 'AliasesPage')),
  at('/technical/explain', lazyRouteComponent(load.explain, 'ExplainPage')),
  at('/users', lazyRouteComponent(load.users, 'UsersPage')),
  at('/profile', lazyRouteComponent(load.profile, 'ProfilePage')),
  at('/audit', lazyRouteComponent(load.audit, 'AuditPage')),
  at('/lab', lazyRouteComponent(load.lab, 'LabPage')),
  at('/lab/$id', lazyRouteComponent(load.labMessage, 'LabMessagePage')),
])

export function createConsoleRouter() {
  return createRouter({ routeTree: tree, defaultPreload: 'intent', scrollRestoration: true })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
