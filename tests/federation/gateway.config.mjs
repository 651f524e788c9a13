// The router in front: it hands on who asks and decides nothing about access itself.
import { defineConfig } from '@graphql-hive/gateway';

const handedOn = ['authorization', 'x-request-id', 'traceparent'];

export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) =>
      Object.fromEntries(
        handedOn.map((name) => [name, request.headers.get(name)]).filter(([, value]) => value !== null),
      ),
  },
  logging: 'warn',
});
