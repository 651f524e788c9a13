"""The HTTP application: routes, middleware, and the protocols of GraphQL and REST."""
