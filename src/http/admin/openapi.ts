/** The OpenAPI document of the admin API, made from the table of routes. */
import { z } from 'zod'
import type { AdminRoute } from './route.ts'

const errorShape = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string', description: 'What is wrong, and what would be right' },
        field: { type: 'string', description: 'Where in the request' },
      },
    },
  },
}

export function describeApi(routes: readonly AdminRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describeRoute(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Paravion admin API', version },
    servers: [{ url: '/api' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'paravion_session',
          description:
            'Its name ends with _ and the port where the address names one. Changes need the header X-CSRF-Token besides; GET /session tells it',
        },
      },
      schemas: { Error: errorShape },
    },
  }
}

function describeRoute({ path, summary, query, body, answer, status, role, produces }: AdminRoute): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = query === undefined ? [] : queryParameters(query)
  return {
    summary,
    'x-role': role,
    ...(role === 'anyone' && { security: [] }),
    parameters: [...inPath, ...inQuery],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: toSchema(body, 'input') } } },
    }),
    responses: {
      [status]: {
        description: 'Done',
        content: {
          'application/json': { schema: toSchema(answer, 'output') },
          ...Object.fromEntries(produces.map((type) => [type, { schema: { type: 'string' } }])),
        },
      },
      default: {
        description: 'Refused',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function queryParameters(query: z.ZodType): object[] {
  const { properties = {}, required = [] } = toSchema(query, 'input') as {
    properties?: Record<string, Record<string, unknown>>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }))
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
