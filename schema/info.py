"""The `info` argument of resolvers."""

import strawberry

from resolvers.context import RequestContext

ContextInfo = strawberry.Info[RequestContext, None]
