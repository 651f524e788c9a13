// Asks the gateway twice with Apollo Client's link for persisted queries, and prints as JSON the requests that this took
// and the answers. Arguments: the address, an API key, "GET" or "POST" for queries known by their hash, and, where the
// gateway answers registered operations only, the file of a manifest that has the ids.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { print } from 'graphql';

const [url, key, method, manifest] = process.argv.slice(2);
const requests = [];

async function fetchAndNote(address, options) {
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
    new HttpLink({ uri: url, fetch: fetchAndNote, headers: { authorization: `Bearer ${key}` } }),
  ]),
});
const query = gql`
  query Projects($first: Int!) {
    projects(first: $first) {
      totalCount
    }
  }
`;
const answers = [];
for (const first of [1, 2]) {
  answers.push((await client.query({ query, variables: { first }, fetchPolicy: 'no-cache' })).data);
}
console.log(JSON.stringify({ requests, answers }));
