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

const tree = root.addChildren([
  at(
    '/',
    lazyRouteComponent(() => import('../pages/overview/overview.tsx'), 'OverviewPage'),
  ),
  // The link of the first start, once it was used.
  at(
    '/setup',
    lazyRouteComponent(() => import('../pages/overview/overview.tsx'), 'OverviewPage'),
  ),
  at(
    '/lab',
    lazyRouteComponent(() => import('../pages/lab/lab.tsx'), 'LabPage'),
  ),
  at(
    '/lab/$id',
    lazyRouteComponent(() => import('../pages/lab/message.tsx'), 'LabMessagePage'),
  ),
])

export function createConsoleRouter() {
  return createRouter({ routeTree: tree, defaultPreload: 'intent', scrollRestoration: true })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
