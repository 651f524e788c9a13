"""The JSON of requests, whose whole numbers keep all their digits."""

import json
import re

import orjson

from schema.scalars import read_integer

_LONG_INTEGER = re.compile(rb"[:,\[]\s*-?\d{19,}\s*[,}\]]")


def parse_request_json(text: bytes | str) -> object:
    """Parse JSON strictly: without NaN, lone surrogates and endless nesting. Raises orjson.JSONDecodeError.

    A whole number beyond 64 bits becomes its text, which is how properties with such values are stored.
    """
    value = orjson.loads(text)
    data = text.encode() if isinstance(text, str) else text
    # orjson turns integers beyond 64 bits into doubles.
    return json.loads(data, parse_int=read_integer) if _LONG_INTEGER.search(data) else value
