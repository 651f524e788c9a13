// Composes the subgraphs from standard input, [{ name, url, sdl }], with each composer. Prints JSON:
// { apollo: { errors, hints, supergraph }, guild: { errors, supergraph }, cosmo: { errors, hints, supergraph } }.
import { text } from 'node:stream/consumers';
import { composeServices as composeWithApollo } from '@apollo/composition';
import { composeServices as composeWithGuild } from '@theguild/federation-composition';
import { federateSubgraphs } from '@wundergraph/composition';
import { parse, print } from 'graphql';

const subgraphs = JSON.parse(await text(process.stdin)).map(({ name, url, sdl }) => ({
  name,
  url,
  typeDefs: parse(sdl),
}));
const apollo = composeWithApollo(subgraphs);
const guild = composeWithGuild(subgraphs);
const cosmo = federateSubgraphs({
  subgraphs: subgraphs.map(({ name, url, typeDefs }) => ({ name, url, definitions: typeDefs })),
});
const messages = (errors) => (errors ?? []).map((error) => error.message);
console.log(
  JSON.stringify({
    apollo: {
      errors: messages(apollo.errors),
      hints: (apollo.hints ?? []).map((hint) => `${hint.definition.code}: ${hint.message}`),
      supergraph: apollo.supergraphSdl ?? null,
    },
    guild: { errors: messages(guild.errors), supergraph: guild.supergraphSdl ?? null },
    cosmo: {
      errors: messages(cosmo.errors),
      hints: messages(cosmo.warnings),
      supergraph: cosmo.success ? print(cosmo.federatedGraphAST) : null,
    },
  }),
);
