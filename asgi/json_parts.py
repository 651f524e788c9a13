"""JSON in parts: writing a large document at once would hold the event loop, and take its size in memory twice."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Final

import orjson

from resolvers.worker import LARGE, checkpoint

PART_BYTES: Final = 256 * 1024
_SLICE: Final = 4 * LARGE
"""Values that are written at once. The writer holds every thread of the process meanwhile."""
_CHARACTERS_PER_VALUE: Final = 16


def is_large(document: object) -> bool:
    """Whether writing the document takes so long that it belongs on a thread."""
    return _is_larger(document, LARGE)


def write_parts(document: object) -> Generator[bytes]:
    """Yield the document in parts of about PART_BYTES."""
    return join_parts(_pieces(document))


def write_json(document: object) -> bytes:
    """Return the whole document, for a thread."""
    return b"".join(_pieces(document))


def join_parts(pieces: Iterator[bytes]) -> Generator[bytes]:
    """Join small pieces to parts of about PART_BYTES."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        checkpoint()
        waiting.append(piece)
        size += len(piece)
        if size >= PART_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _pieces(value: object) -> Iterator[bytes]:
    if not _is_larger(value, _SLICE):
        yield orjson.dumps(value)
    elif isinstance(value, Mapping):
        for place, (name, each) in enumerate(value.items()):
            yield (b"," if place else b"{") + orjson.dumps(name) + b":"
            yield from _pieces(each)
        yield b"}"
    elif isinstance(value, str):
        step = _SLICE * _CHARACTERS_PER_VALUE
        yield b'"'
        yield from (orjson.dumps(value[start : start + step])[1:-1] for start in range(0, len(value), step))
        yield b'"'
    elif isinstance(value, Sequence):
        yield from _list_pieces(value)
    else:
        yield orjson.dumps(value)


def _list_pieces(items: Sequence[object]) -> Iterator[bytes]:
    yield b"["
    if _is_flat(items):
        for start in range(0, len(items), _SLICE):
            yield (b"," if start else b"") + orjson.dumps(items[start : start + _SLICE])[1:-1]
    else:
        for place, each in enumerate(items):
            if place:
                yield b","
            yield from _pieces(each)
    yield b"]"


def _is_larger(document: object, limit: int) -> bool:
    """Whether there are more values than the limit; stops counting there."""
    count = 0
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend(value.values())
        elif isinstance(value, str):
            count += len(value) // _CHARACTERS_PER_VALUE
        elif isinstance(value, list | tuple):
            if _is_flat(value):
                count += len(value)
            elif len(value) > limit:
                return True
            else:
                pending.extend(value)
        count += 1
        if count > limit:
            return True
    return False


def _is_flat(items: Sequence[object]) -> bool:
    """Whether a list has numbers or short texts only. Lists of one kind, as the first item tells."""
    first = items[0] if items else None
    return not isinstance(first, Mapping | list | tuple) and not (isinstance(first, str) and len(first) > 1000)
