// Queries the gateway twice with Apollo Client's link for persisted queries, and prints the requests and the data as JSON.
// Arguments: the URL, an API key, "GET" or "POST" for queries by hash, and, if the gateway accepts registered operations
// only, the file of a manifest with their ids.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { print } from 'graphql';

const [url, key, method, manifest] = process.argv.slice(2);
const requests = [];

async function fetchAndRecord(address, options) {
  const { pathname, searchParams } = new URL(address);
  const body = options.body ? JSON.parse(options.body) : Object.fromEntries(searchParams);
  const response = await fetch(address, options);
  requests.push({ method: options.method, pathname, hasText: 'query' in body, status: response.status });
  return response;
}

function registeredIds() {
  const { operations } = JSON.parse(readFileSync(manifest, 'utf8'));
  const ids = new Map(operations.map(({ id, body }) => [body, id]));
  return { generateHash: (document) => ids.get(print(document)) };
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.from([
    new PersistedQueryLink({
      ...(manifest ? registeredIds() : { sha256 }),
      useGETForHashedQueries: method === 'GET',
    }),
    new HttpLink({ uri: url, fetch: fetchAndRecord, headers: { authorization: `Bearer ${key}` } }),
  ]),
});
const query = gql`
  query Projects($first: Int!) {
    projects(first: $first) {
      totalCount
    }
  }
`;
const data = [];
for (const first of [1, 2]) {
  data.push((await client.query({ query, variables: { first }, fetchPolicy: 'no-cache' })).data);
}
console.log(JSON.stringify({ requests, data }));
