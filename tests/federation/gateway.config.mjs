// The router: it forwards the API key and makes no access decisions itself.
import { defineConfig } from '@graphql-hive/gateway';

const forwardedHeaders = ['authorization', 'x-request-id', 'traceparent'];

export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) =>
      Object.fromEntries(
        forwardedHeaders.map((name) => [name, request.headers.get(name)]).filter(([, value]) => value !== null),
      ),
  },
  logging: 'warn',
});
