"""A request's parameters, from its query string and its JSON body."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request

from asgi.middleware.reject_url_keys import is_key
from asgi.negotiation import accepts_csv
from asgi.request_json import parse_request_json
from asgi.rest.parameters import IGNORED, JSON_PARAMETERS, UNSUPPORTED, TrendParameters
from asgi.rest.validation import read_json, unknown, validate
from errors import BadUserInput
from permissions.api_keys import SEND_HINT
from resolvers.trend_cache.read_through import Refresh
from schema.extensions.limits import measure_values

FORMAT = "format"
LONGEST_ECHO = 2048
"""Bytes of the parameters that every row repeats; those beyond are left out."""
_EMPTY = ("", None)


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class TrendRequest:
    """The parameters of a trend, also as the client wrote them, and the format of the response."""

    parameters: TrendParameters
    raw: Mapping[str, object]
    format: Format

    @property
    def refresh(self) -> Refresh:
        return Refresh.FORCE if self.parameters.refresh else Refresh.CACHE_FIRST

    def echo(self) -> dict[str, object]:
        """The parameters as rows repeat them, as far as they are short: a trend has many rows."""
        echo: dict[str, object] = {"insight": "TRENDS"}
        left = LONGEST_ECHO
        for name in TrendParameters.model_fields:
            if name in self.raw:
                parsed = getattr(self.parameters, name)
                value = parsed if isinstance(parsed, int | float) else self.raw[name]
                left -= len(orjson.dumps(value))
                if left < 0:
                    break
                echo[name] = value
        return echo


async def read_request(request: Request, *, max_objects: int) -> TrendRequest:
    """Raises BadUserInput for unreadable or unknown parameters, HTTPException for other media types."""
    everything: dict[str, object] = {}
    for name, value in [*request.query_params.multi_items(), *(await _read_body(request)).items()]:
        if name in everything:
            raise BadUserInput("{name} is given twice.", name=name, path=(name,))
        everything[name] = value
    format_ = _choose_format(everything.pop(FORMAT, None), request.headers.get("accept"))
    raw = dict(_decode(everything))
    count = measure_values(raw).objects
    if count > max_objects:
        raise BadUserInput(
            "The parameters contain {count} objects; the limit is {limit}.",
            count=count,
            limit=max_objects,
            hint="Combine several values for one property in one filter: give a list as its value.",
        )
    return TrendRequest(validate(TrendParameters, raw), raw, format_)


async def _read_body(request: Request) -> dict[str, object]:
    content = await request.body()
    if not content:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The request's Content-Type must be application/json.")
    try:
        document = parse_request_json(content)
    except orjson.JSONDecodeError as exc:
        raise BadUserInput("The body is not valid JSON: {reason}.", reason=str(exc)) from exc
    if not isinstance(document, dict):
        raise BadUserInput("The body must be a JSON object.", hint='Example: {"events": [{"id": "sign up"}]}')
    if any(is_key(name, value if isinstance(value, str) else "") for name, value in document.items()):
        raise BadUserInput("The body contains an API key.", hint=SEND_HINT)
    return document


def _decode(everything: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in everything.items():
        if name not in TrendParameters.model_fields:
            _check_ignorable(name, value)
        elif value not in _EMPTY:
            yield name, _decode_one(name, value)


def _decode_one(name: str, value: object) -> object:
    if name in JSON_PARAMETERS:
        return read_json(value, (name,))
    # A breakdown may be a list of keys; a HogQL expression may begin like one.
    if name == "breakdown" and isinstance(value, str) and value.startswith("["):
        with suppress(orjson.JSONDecodeError):
            return parse_request_json(value)
    return value


def _check_ignorable(name: str, value: object) -> None:
    if name in UNSUPPORTED:
        if value not in (*_EMPTY, [], "[]"):
            raise BadUserInput("{name} is not supported.", name=name, path=(name,), hint=UNSUPPORTED[name])
    elif name not in IGNORED:
        raise unknown(name, [*TrendParameters.model_fields])


def _choose_format(value: object, accept: str | None) -> Format:
    if value is None:
        return Format.CSV if accepts_csv(accept) else Format.JSON
    if isinstance(value, str) and value in [*Format]:
        return Format(value)
    raise HTTPException(406, f"The available formats are {' and '.join(Format)}.")
