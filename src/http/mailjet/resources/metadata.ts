/** `/v3/REST/metadata`: the other resources, described from the tables that make them (reference/rest-conventions.md §8). */
import { type AnyAction, type AnyResource, defineResource } from '../define-resource.ts'
import type { FilterKind, PropertyType, Query } from '../resource.ts'

const propertyTypes: Record<PropertyType, string> = {
  integer: 'Int64',
  number: 'Double',
  boolean: 'Boolean',
  text: 'AnsiString',
  time: 'TRFC3339DateTime',
  list: 'TStrings',
  object: 'TObject',
}

const filterTypes: Record<FilterKind, string> = {
  integer: 'Int64',
  boolean: 'Boolean',
  text: 'AnsiString',
  time: 'TRFC3339DateTime',
  list: 'AnsiString',
}

/** `resources` is asked for late: this one is among them. */
export function createMetadata(resources: () => readonly AnyResource[]): AnyResource {
  function matching({ uniqueKey, filters }: Query): AnyResource[] {
    const name = (uniqueKey?.[0] ?? filters.text('ResourceName'))?.toLowerCase()
    const readOnly = filters.boolean('ReadOnlyResources')
    return resources().filter(
      (resource) =>
        (name === undefined || resource.name === name) &&
        (readOnly === undefined || isReadOnly(resource) === readOnly) &&
        filters.boolean('PublicResources') !== false,
    )
  }

  return defineResource<AnyResource>({
    name: 'metadata',
    description: 'The resources of this API.',
    uniqueKey: ['Name'],
    properties: [
      {
        name: 'APIVersion',
        type: 'text',
        description: 'Version of the API that this is compatible with.',
        value: () => '3.0',
      },
      {
        name: 'Actions',
        type: 'list',
        description: 'What can be done with an object besides reading and changing it.',
        value: ({ actions, globalActions }) => [
          ...[...actions].map((action) => describeAction(action, { isGlobal: false })),
          ...[...globalActions].map((action) => describeAction(action, { isGlobal: true })),
        ],
      },
      { name: 'Description', type: 'text', description: 'What it is.', value: (row) => row.description },
      {
        name: 'Filters',
        type: 'list',
        description: 'Parameters that choose among its objects.',
        value: ({ filters }) =>
          Object.entries(filters).map(([name, kind]) => ({ DataType: filterTypes[kind], Name: name })),
      },
      {
        name: 'IsReadOnly',
        type: 'boolean',
        description: 'Whether nothing of it can be changed.',
        value: isReadOnly,
      },
      { name: 'Name', type: 'text', description: 'Its name in the path.', value: (row) => row.name },
      { name: 'PrivateOperations', type: 'text', description: 'Always empty.', value: () => '' },
      {
        name: 'Properties',
        type: 'list',
        description: 'Properties of its objects.',
        value: ({ properties }) => properties.map(describe),
      },
      {
        name: 'PublicOperations',
        type: 'text',
        description: 'Methods that it has.',
        value: (row) => operationsOf(row).join(', '),
      },
      {
        name: 'SortInfo',
        type: 'list',
        description: 'Properties that its objects can be sorted by.',
        value: ({ sort }) =>
          Object.entries(sort).map(([name, descends]) => ({ AllowDescending: descends, PropertyName: name })),
      },
      {
        name: 'UniqueKey',
        type: 'text',
        description: 'What names an object beside its ID.',
        value: ({ uniqueKey }) => uniqueKey?.join('|') ?? '',
      },
    ],
    filters: { PublicResources: 'boolean', ReadOnlyResources: 'boolean', ResourceName: 'text' },
    sort: {},
    unknownId: 'not-found',
    select: async (query, page) => matching(query).slice(page.offset, page.offset + page.limit),
    count: async (query) => matching(query).length,
  })
}

function describe(property: AnyResource['properties'][number]): object {
  const { name, type, description, write, isRequired = false, allowed } = property
  return {
    ...(allowed && { AllowedValues: allowed }),
    DataType: propertyTypes[type],
    DefaultValue: property.default === undefined ? '' : String(property.default),
    Description: description,
    IsRequired: isRequired,
    Name: name,
    ReadOnly: write !== 'always' && write !== 'at-creation',
  }
}

function describeAction(
  [name, { description, get, poll, post, put, remove, run }]: readonly [string, AnyAction],
  { isGlobal }: { isGlobal: boolean },
): object {
  return {
    Description: description,
    IsGlobalAction: isGlobal,
    Name: name,
    Parameters: [],
    Properties: [],
    PublicOperations: [
      ...(get || poll ? ['Get'] : []),
      ...(put ? ['Put'] : []),
      ...(post || run ? ['Post'] : []),
      ...(remove ? ['Delete'] : []),
    ].join(', '),
  }
}

function operationsOf({ create, update, remove }: AnyResource): string[] {
  return ['Get', ...(update ? ['Put'] : []), ...(create ? ['Post'] : []), ...(remove ? ['Delete'] : [])]
}

function isReadOnly(resource: AnyResource): boolean {
  return operationsOf(resource).length === 1
}
