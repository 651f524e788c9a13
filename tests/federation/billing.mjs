// Another subgraph, with the plans and invoices of projects. Prints its URL when it listens.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';

const sdl = readFileSync(new URL('billing.graphql', import.meta.url), 'utf8');
const federationTypes = `
  scalar FieldSet
  scalar link__Import
  directive @link(url: String!, import: [link__Import]) repeatable on SCHEMA
  directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
  directive @shareable repeatable on OBJECT | FIELD_DEFINITION
  scalar _Any
  union _Entity = Project
  type _Service { sdl: String! }
  extend type Query { _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }
`;
const priceOf = (id) => 10 * Number(id);
const invoicesOf = (id) =>
  ['2013-01', '2013-02', '2013-03'].map((month) => ({ id: `${id}-${month}`, month, amount: priceOf(id) }));

const schema = createSchema({
  typeDefs: sdl + federationTypes,
  resolvers: {
    Query: {
      _service: () => ({ sdl }),
      _entities: (_, { representations }) => representations,
      dearestProject: () => ({ __typename: 'Project', id: process.env.DEAREST_PROJECT }),
    },
    _Entity: { __resolveType: (reference) => reference.__typename },
    Project: {
      plan: ({ id }) => (priceOf(id) > 0 ? 'PRO' : 'FREE'),
      invoices: ({ id }, { first }) => ({
        edges: invoicesOf(id).slice(0, first).map((node) => ({ node })),
        pageInfo: { hasNextPage: first < 3, hasPreviousPage: false },
      }),
    },
  },
});
const server = createServer(createYoga({ schema, logging: 'error', graphiql: false }));
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/graphql`));
