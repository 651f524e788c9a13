"""What a request sends: parameters in its address, and in a JSON body."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request

from asgi.middleware.reject_url_keys import is_key
from asgi.negotiation import accepts_csv
from asgi.rest.fields import read_flag, read_integer, read_json, read_number, read_text, suggest
from asgi.rest.parameters import BY_NAME, NOT_BUILT, REFRESHES, WITHOUT_EFFECT, Kind
from errors import BadUserInput
from permissions.api_keys import SEND_HINT
from resolvers.trends.query import InputPath
from schema.extensions.limits import count_objects

FORMAT = "format"
_EMPTY = ("", None)


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Sent:
    """The parameters that figures depend on, JSON texts decoded, and the form of the answer."""

    values: Mapping[str, object]
    format: Format


async def read_sent(request: Request, *, max_objects: int) -> Sent:
    """Raises BadUserInput for what cannot be read or is not known, HTTPException for other media types."""
    everything: dict[str, object] = {}
    for name, value in [*request.query_params.multi_items(), *(await _read_body(request)).items()]:
        if name in everything:
            raise BadUserInput(f"{name} is given twice.", path=(name,))
        everything[name] = value
    answer_format = _choose_format(everything.pop(FORMAT, None), request.headers.get("accept"))
    values = dict(_read_values(everything))
    count = count_objects(values)
    if count > max_objects:
        raise BadUserInput(
            f"The parameters hold {count} objects; {max_objects} are allowed.",
            hint="Several values for one property fit into one filter: give a list as its value.",
        )
    return Sent(values, answer_format)


async def _read_body(request: Request) -> dict[str, object]:
    content = await request.body()
    if not content:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The request's Content-Type is not application/json.")
    try:
        document: object = orjson.loads(content)
    except orjson.JSONDecodeError as wrong:
        raise BadUserInput(f"The body is not JSON: {wrong}.") from wrong
    if not isinstance(document, dict):
        raise BadUserInput("The body is not a JSON object.", hint='{"events": [{"id": "sign up"}]}')
    if any(is_key(name, value if isinstance(value, str) else "") for name, value in document.items()):
        raise BadUserInput("The body carries an API key.", hint=SEND_HINT)
    return document


def _read_values(everything: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in everything.items():
        parameter = BY_NAME.get(name)
        if parameter is None:
            _check_ignorable(name, value)
        elif value not in _EMPTY:
            yield name, _READERS[parameter.kind](value, (name,))


def _check_ignorable(name: str, value: object) -> None:
    if name in WITHOUT_EFFECT:
        return
    if name in NOT_BUILT:
        if value not in (*_EMPTY, [], "[]"):
            raise BadUserInput(
                f"{name} would change the figures, and is not built.", path=(name,), hint=NOT_BUILT[name]
            )
        return
    raise BadUserInput(f"There is no parameter {name[:100]}.", path=(name[:100],), hint=suggest(name, [*BY_NAME]))


def _read_keys(value: object, _: InputPath) -> object:
    """Keys may be a list; an expression may begin like one."""
    if isinstance(value, str) and value.startswith("["):
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(value)
    return value


def _read_refresh(value: object, path: InputPath) -> bool:
    known = REFRESHES.get(str(value).lower()) if isinstance(value, str | bool) else None
    if known is None:
        raise BadUserInput("refresh has no such value.", path=path, hint=f"It is one of {', '.join(REFRESHES)}.")
    return known


_READERS: Mapping[Kind, Callable[[object, InputPath], object]] = {
    Kind.TEXT: read_text,
    Kind.FLAG: read_flag,
    Kind.INTEGER: read_integer,
    Kind.NUMBER: read_number,
    Kind.KEYS: _read_keys,
    Kind.LIST: read_json,
    Kind.FILTERS: read_json,
    Kind.REFRESH: _read_refresh,
}


def _choose_format(asked: object, accept: str | None) -> Format:
    if asked is None:
        return Format.CSV if accepts_csv(accept) else Format.JSON
    known: Mapping[object, Format] = {each.value: each for each in Format}
    if isinstance(asked, str) and asked in known:
        return known[asked]
    raise HTTPException(406, f"There are the formats {' and '.join(Format)}.")
