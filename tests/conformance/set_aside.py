"""The trend cases that are not run, each with the decision behind it: see the list in README.md."""

from collections.abc import Iterator, Mapping

from resolvers.trends.query import TrendMath

SAMPLING = "decision 7: people are sampled by a hash of the person, so the figures of another hash differ"
MISSING_OBJECT = "decision 8: an action or a cohort that does not exist is an error, not a series without rows"
INCOMPLETE_FILTER = "decision 9: a filter without the value that its operator needs is an error, not true"
UNKNOWN_MATH = "decision 10: an unknown math is an error, not a number of events"

SET_ASIDE: Mapping[str, str] = {"test_sampling_adjustment": SAMPLING}

_COHORTS = ("cohort", "static-cohort", "precalculated-cohort")
_WITHOUT_VALUE = ("is_set", "is_not_set")
_ACTION_NODE = "ActionsNode"


def why_trends(name: str, content: object) -> str | None:
    """Return why a case is not run, or None."""
    if name in SET_ASIDE:
        return SET_ASIDE[name]
    runs = content.get("runs") if isinstance(content, dict) else None
    return next((reason for run in runs for reason in _reasons(run)), None) if isinstance(runs, list) else None


def _reasons(run: object) -> Iterator[str]:
    """What a run expects an answer to, although the gateway answers it with an error."""
    if not isinstance(run, dict) or run.get("checks") == [{"error": True}]:
        return
    for part in _objects(run.get("query")):
        math = part.get("math")
        if isinstance(math, str) and math.upper() not in TrendMath.__members__:
            yield UNKNOWN_MATH
        if _has_missing_object(part):
            yield MISSING_OBJECT
        if _is_incomplete(part):
            yield INCOMPLETE_FILTER


def _has_missing_object(part: Mapping[str, object]) -> bool:
    actions = part.get("actions")
    ids = [item.get("id") for item in actions if isinstance(item, dict)] if isinstance(actions, list) else []
    if part.get("kind") == _ACTION_NODE:
        ids.append(part.get("id"))
    if part.get("type") in _COHORTS:
        ids += _listed(part.get("value"))
    if part.get("breakdown_type") == "cohort":
        ids += [each for each in _listed(part.get("breakdown")) if each != "all"]
    # A case names its own objects by references: a number is the id of none of them.
    return any(isinstance(each, int | str) and not str(each).startswith(("@", "[")) for each in ids)


def _is_incomplete(part: Mapping[str, object]) -> bool:
    is_filter = isinstance(part.get("key"), str) and ("operator" in part or "type" in part)
    needs_value = part.get("type") not in ("hogql", *_COHORTS) and part.get("operator") not in _WITHOUT_VALUE
    return is_filter and needs_value and part.get("value") is None and part.get("values") is None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _objects(part: object) -> Iterator[Mapping[str, object]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from _objects(value)
    elif isinstance(part, list):
        for item in part:
            yield from _objects(item)
