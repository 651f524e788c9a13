"""Requests without a valid API key, which have smaller limits."""

from errors import GatewayError, LimitExceeded, Message
from resolvers.context import RequestContext


def is_keyless(context: object) -> bool:
    """Whether the caller is unknown. Operations without a request, such as those of tests, are trusted."""
    return isinstance(context, RequestContext) and context.caller is None


def explain(error: LimitExceeded, context: object) -> GatewayError:
    """Return the error as it is, or, to a caller without a valid key, what is wrong with the key."""
    if not isinstance(context, RequestContext) or context.authentication_error is None:
        return error
    rejected = context.authentication_error
    return GatewayError(
        rejected.code,
        "{problem} Requests without a valid API key have smaller limits. {reason}",
        hint=None if rejected.hint is None else Message("{hint}", {"hint": rejected.hint}),
        details={**rejected.details, **error.details},
        problem=rejected.message,
        reason=error.message,
    )
