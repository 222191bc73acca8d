/** Settings in the words of the parts that follow them. */
import type { Config } from '../config.ts'
import { defaultSchedule, type RetrySchedule } from '../delivery/schedule.ts'
import type { SiteLimits } from '../delivery/site-limits.ts'
import type { RouterSettings } from '../routing/router.ts'

export function routerSettings({ gateway, delivery: { smarthost } }: Config): RouterSettings {
  const { host, port, security, user, password = '' } = smarthost
  const { emailFrom, fromFilter } = gateway
  return {
    ...(emailFrom !== undefined && { emailFrom }),
    ...(fromFilter !== undefined && { fromFilter }),
    ...(host !== undefined && {
      smarthost: {
        id: undefined,
        name: `smarthost ${host}`,
        host,
        port,
        security: security === 'none' ? security : (`${security}-strict` as const),
        authentication: user === undefined ? { kind: 'none' } : { kind: 'login', user, password },
        isDebug: false,
        limits: {},
      },
    }),
  }
}

export function siteLimits({ delivery }: Config): SiteLimits {
  return {
    connections: delivery.connectionsPerSite,
    messagesPerConnection: delivery.messagesPerConnection,
    messagesPerSecond: delivery.messagesPerSecond || Number.POSITIVE_INFINITY,
    newConnectionsPerMinute: delivery.newConnectionsPerMinute || Number.POSITIVE_INFINITY,
  }
}

export function retrySchedule({ delivery: { retryMinutes } }: Config): RetrySchedule {
  const delaysMs = retryMinutes.map((minutes) => minutes * 60_000)
  return { ...defaultSchedule, delaysMs, repeatMs: delaysMs.at(-1) ?? defaultSchedule.repeatMs }
}
