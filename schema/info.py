"""What every resolver of the schema is told about its request."""

import strawberry

from resolvers.context import RequestContext

ContextInfo = strawberry.Info[RequestContext, None]
