"""GraphQL types: what clients see."""
