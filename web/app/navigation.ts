/** The menu: what stands where. */
import type { ComponentType } from 'react'
import type { Role } from '../api/types.ts'
import {
  AccountIcon,
  BlockIcon,
  CampaignIcon,
  ChartIcon,
  GearIcon,
  LabIcon,
  LeadIcon,
  ListIcon,
  MailIcon,
  PersonIcon,
  QueueIcon,
  RocketIcon,
  TemplateIcon,
  TrendIcon,
  UsersIcon,
} from '../ui/icons.tsx'

export type NavigationEntry = {
  /** A key of shellTexts. */
  name:
    | 'overview'
    | 'messages'
    | 'queue'
    | 'account'
    | 'accountSettings'
    | 'senders'
    | 'webhooks'
    | 'leads'
    | 'suppressions'
    | 'contacts'
    | 'campaigns'
    | 'statistics'
    | 'templates'
    | 'lab'
    | 'goLive'
    | 'settings'
    | 'general'
    | 'technical'
    | 'email'
    | 'servers'
    | 'parameters'
    | 'aliases'
    | 'explain'
    | 'users'
    | 'audit'
  to?: string
  icon?: ComponentType
  below?: readonly NavigationEntry[]
  /** Shown to this role and those above it. */
  role?: Role
  /** Shown only in the lab, or only with the developer mode. */
  only?: 'lab' | 'developer'
}

export const navigation: readonly NavigationEntry[] = [
  { name: 'overview', to: '/', icon: ChartIcon },
  { name: 'messages', to: '/messages', icon: MailIcon },
  { name: 'queue', to: '/queue', icon: QueueIcon },
  {
    name: 'account',
    to: '/account',
    icon: AccountIcon,
    below: [
      { name: 'senders', to: '/account/sender' },
      { name: 'accountSettings', to: '/account/setup' },
      { name: 'webhooks', to: '/account/webhooks' },
    ],
  },
  { name: 'contacts', to: '/contacts', icon: UsersIcon },
  { name: 'campaigns', to: '/campaigns', icon: CampaignIcon },
  { name: 'statistics', to: '/statistics', icon: TrendIcon },
  { name: 'templates', to: '/templates', icon: TemplateIcon },
  { name: 'leads', to: '/leads', icon: LeadIcon },
  { name: 'suppressions', to: '/suppressions', icon: BlockIcon },
  {
    name: 'settings',
    to: '/settings',
    icon: GearIcon,
    below: [
      { name: 'general', to: '/settings' },
      {
        name: 'technical',
        only: 'developer',
        below: [
          {
            name: 'email',
            below: [
              { name: 'servers', to: '/technical/outgoing-mail-servers' },
              { name: 'aliases', to: '/technical/aliases' },
              { name: 'explain', to: '/technical/explain' },
            ],
          },
          { name: 'parameters', to: '/technical/system-parameters' },
        ],
      },
    ],
  },
  { name: 'users', to: '/users', icon: PersonIcon, role: 'owner' },
  { name: 'audit', to: '/audit', icon: ListIcon, role: 'admin' },
  { name: 'lab', to: '/lab', icon: LabIcon, only: 'lab' },
  { name: 'goLive', to: '/go-live', icon: RocketIcon, role: 'admin' },
]
