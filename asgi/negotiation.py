"""Which of the media types of GraphQL over HTTP a client wants, and which compression."""

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENTS = "text/event-stream"
ENCODINGS = ("br", "gzip")


def choose_media_type(accept: str | None) -> str:
    """The newer type only where it is asked for by name and not less than the older one.

    A client that asks for neither, or for nothing, gets plain JSON rather than a refusal.
    """
    weights = _weights(accept or "")
    wanted = weights.get(GRAPHQL_JSON, 0.0)
    return GRAPHQL_JSON if wanted and wanted >= weights.get(JSON, 0.0) else JSON


def choose_encoding(accept_encoding: str | None) -> str | None:
    """Brotli ("br") or "gzip", whichever the client likes better, the first of equals; None for neither."""
    weights = _weights(accept_encoding or "")
    best = max(ENCODINGS, key=lambda name: weights.get(name, weights.get("*", 0.0)))
    return best if weights.get(best, weights.get("*", 0.0)) > 0 else None


def wants_events(accept: str | None) -> bool:
    """Whether a stream of events is asked for by name, and more than a single document."""
    weights = _weights(accept or "")
    return weights.get(EVENTS, 0.0) > max(weights.get(JSON, 0.0), weights.get(GRAPHQL_JSON, 0.0))


def accepts_html(accept: str | None) -> bool:
    """Whether the request is a browser's for a page."""
    return _weights(accept or "").get("text/html", 0.0) > 0


def accepts_csv(accept: str | None) -> bool:
    """Whether CSV is asked for by name and not less than JSON."""
    weights = _weights(accept or "")
    wanted = weights.get("text/csv", 0.0)
    return wanted > 0 and wanted >= weights.get(JSON, 0.0)


def _weights(accept: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for entry in accept.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        weights[name] = _quality(parameters)
    return weights


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
