"""Content negotiation: the media type and the compression of a response."""

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENTS = "text/event-stream"
ENCODINGS = ("br", "gzip")


def choose_media_type(accept: str | None) -> str:
    """Choose GraphQL's own media type only if it is listed by name with at least the weight of plain JSON.

    Clients that list neither get plain JSON rather than an error.
    """
    weights = _weights(accept or "")
    weight = weights.get(GRAPHQL_JSON, 0.0)
    return GRAPHQL_JSON if weight and weight >= weights.get(JSON, 0.0) else JSON


def choose_encoding(accept_encoding: str | None) -> str | None:
    """Choose "br" or "gzip" by the client's weights, "br" if they are equal; None if it accepts neither."""
    weights = _weights(accept_encoding or "")
    best = max(ENCODINGS, key=lambda name: weights.get(name, weights.get("*", 0.0)))
    return best if weights.get(best, weights.get("*", 0.0)) > 0 else None


def prefers_events(accept: str | None) -> bool:
    """Whether events are listed by name, with more weight than a single document."""
    weights = _weights(accept or "")
    return weights.get(EVENTS, 0.0) > max(weights.get(JSON, 0.0), weights.get(GRAPHQL_JSON, 0.0))


def accepts_html(accept: str | None) -> bool:
    """Whether HTML is listed by name, as browsers do when they load a page."""
    return _weights(accept or "").get("text/html", 0.0) > 0


def accepts_csv(accept: str | None) -> bool:
    """Whether CSV is listed by name with at least the weight of JSON."""
    weights = _weights(accept or "")
    weight = weights.get("text/csv", 0.0)
    return weight > 0 and weight >= weights.get(JSON, 0.0)


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
