/** The HTTP face: the same routes on every listener, HTTP or HTTPS. */
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { type FastifyInstance, type FastifyServerFactory, fastify, type InjectOptions } from 'fastify'
import { http } from '../runtime/node-http.ts'
import type { HttpDependencies } from './dependencies.ts'
import { answerErrors } from './errors.ts'
import { registerRoutes } from './routes.ts'

export type HttpListener = {
  host: string
  /** 0 picks a free one. */
  port: number
  /** PEM. Present: HTTPS. */
  tls?: { cert: string; key: string }
}

/** Requests are checked with zod. Told so, Fastify does not load compilers of JSON Schema, which take 3 MB. */
const noSchemas = {
  buildValidator: () => unknownSchema,
  buildSerializer: () => unknownSchema,
}

function unknownSchema(): never {
  throw new Error('A route has a JSON schema; routes check what they are given with zod.')
}

export type HttpLimits = {
  maxBodyBytes: number
  /** For a whole request to arrive. */
  requestTimeoutMs: number
  keepAliveMs: number
  maxConnections: number
  /** Bodies held at one time, over all requests of this process. */
  maxBodyBytesTotal: number
  /** How long `stop` waits for requests that run. */
  stopGraceMs: number
}

export const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 22 * 1024 * 1024,
  requestTimeoutMs: 60_000,
  keepAliveMs: 60_000,
  maxConnections: 2_000,
  maxBodyBytesTotal: 128 * 1024 * 1024,
  stopGraceMs: 20_000,
}

export type HttpServerOptions = HttpDependencies & {
  listeners: readonly HttpListener[]
  limits?: Partial<HttpLimits>
}

export type BoundListener = { host: string; port: number; tls: boolean }

export type InjectedAnswer = { status: number; headers: Record<string, unknown>; body: string }

export type HttpServer = {
  /** Where it listens, in the order of `listeners`. */
  listen(): Promise<BoundListener[]>
  /** A request without a socket, as from loopback: commands that run without a server use it. */
  inject(request: {
    method: string
    url: string
    headers?: Record<string, string>
    body?: string
  }): Promise<InjectedAnswer>
  /** Stops accepting, lets running requests finish within the grace time, then closes what is left. */
  stop(): Promise<void>
}

export function createHttpServer({ listeners, limits, ...dependencies }: HttpServerOptions): HttpServer {
  const allLimits: HttpLimits = { ...defaultHttpLimits, ...limits }
  const held = { bytes: 0 }
  const faces = listeners.map((listener) => ({
    listener,
    app: build(dependencies, allLimits, held, listener.tls),
  }))
  let offline: FastifyInstance | undefined

  async function closeWithin(app: FastifyInstance): Promise<void> {
    const timer = setTimeout(() => app.server.closeAllConnections(), allLimits.stopGraceMs)
    try {
      await app.close()
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async listen() {
      const bound: BoundListener[] = []
      for (const { listener, app } of faces) {
        await app.listen({ host: listener.host, port: listener.port })
        const { port } = app.server.address() as AddressInfo
        bound.push({ host: listener.host, port, tls: listener.tls !== undefined })
      }
      return bound
    },

    async inject({ method, url, headers, body }) {
      offline ??= faces[0]?.app ?? build(dependencies, allLimits, held, undefined)
      const request: InjectOptions = { method: method as NonNullable<InjectOptions['method']>, url }
      if (headers !== undefined) request.headers = headers
      if (body !== undefined) request.payload = body
      const answer = await offline.inject(request)
      return { status: answer.statusCode, headers: answer.headers, body: answer.body }
    },

    async stop() {
      const apps = new Set(faces.map((face) => face.app))
      if (offline !== undefined) apps.add(offline)
      await Promise.all([...apps].map(closeWithin))
    },
  }
}

function build(
  dependencies: HttpDependencies,
  limits: HttpLimits,
  held: { bytes: number },
  tls: { cert: string; key: string } | undefined,
): FastifyInstance {
  const timeouts = {
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: Math.min(limits.requestTimeoutMs, 20_000),
    keepAliveTimeout: limits.keepAliveMs,
    maxHeaderSize: 16 * 1024,
    connectionsCheckingInterval: Math.min(limits.requestTimeoutMs, 5_000),
  }
  const serverFactory: FastifyServerFactory = (handler) => {
    const server =
      tls === undefined
        ? http.createServer(timeouts, handler)
        : https.createServer(
            { ...timeouts, ...tls, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
            handler,
          )
    server.maxConnections = limits.maxConnections
    return server
  }
  const context = { ...dependencies, maxBodyBytes: limits.maxBodyBytes }
  const app = fastify({
    serverFactory,
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    schemaController: { compilersFactory: noSchemas },
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, maxParamLength: 1024 },
    frameworkErrors: (error, request, reply) => answerErrors(context, error, request, reply),
  })
  registerRoutes(app, context, { maxBodyBytesTotal: limits.maxBodyBytesTotal, held })
  return app
}
