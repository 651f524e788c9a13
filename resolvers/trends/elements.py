"""Filters on the elements of an interaction: tag, link, text, or a selector.

Tags and selectors know the operators EXACT and IS_NOT only. A text filter is true when any element's text
satisfies it, so that IS_NOT means that some text differs. The link is that of the innermost element that has one,
otherwise ''. The values of a list are compared one by one; an empty list is true for negated operators only.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from datasource.layouts.contract import ELEMENTS_CHAIN, ELEMENTS_HREF, ELEMENTS_TEXTS
from datasource.sql.tree import Call, Column, Expr, Lambda, Number, Param, call, either, every
from errors import BadUserInput
from resolvers.trends.input_sizes import InputMeter
from resolvers.trends.query import InputPath, PropertyFilter
from resolvers.trends.query import PropertyOperator as Op
from resolvers.trends.selectors import SelectorPart, chain_pattern, selector_pattern

Satisfies = Callable[[PropertyFilter, Expr], Expr | None]
"""The condition that a text satisfies a filter's operator and value."""

_FIELDS = {"href": ELEMENTS_HREF, "text": ELEMENTS_TEXTS}


def element_condition(filter_: PropertyFilter, satisfies: Satisfies, meter: InputMeter) -> Expr | None:
    """The condition of a filter on elements; None when it is always true.

    Raises BadUserInput with the filter's path.
    """
    if filter_.key in ("tag_name", "selector"):
        return _by_value(_checked(filter_), lambda one: _matched(one, meter))
    if filter_.key not in _FIELDS:
        raise BadUserInput(
            "Elements have no field {key!r}.",
            path=(*filter_.path, "key"),
            hint="Choose one of tag_name, selector, href, text.",
            key=filter_.key,
        )
    if filter_.operator in (Op.IS_SET, Op.IS_NOT_SET):
        return call("notEmpty" if filter_.operator is Op.IS_SET else "empty", _FIELDS[filter_.key])
    if filter_.key == "href":
        return _by_value(filter_, lambda one: satisfies(one, ELEMENTS_HREF))
    return _by_value(filter_, lambda one: _some_text(one, satisfies))


def has_selector(selector: str, path: InputPath, meter: InputMeter) -> Expr:
    """The condition that an element matches a selector. Raises BadUserInput, at `path`, for an invalid one."""
    pattern = selector_pattern(selector, path)
    meter.add_regex_size(len(pattern), path)
    return _match(pattern)


def has_tag(name: str, path: InputPath) -> Expr:
    """The condition that an element has the tag."""
    if not name:
        raise BadUserInput("A tag name is required.", path=path, hint="For example button.")
    return _match(chain_pattern((SelectorPart(tag=name),)))


def _by_value(filter_: PropertyFilter, condition: Callable[[PropertyFilter], Expr | None]) -> Expr | None:
    if not isinstance(filter_.value, tuple):
        return condition(filter_)
    one_by_one = [replace(filter_, value=value) for value in filter_.value]
    match filter_.operator:
        case Op.BETWEEN | Op.NOT_BETWEEN:  # the list is one value
            return condition(filter_)
        case Op.IS_NOT | Op.NOT_ICONTAINS | Op.NOT_REGEX:
            return every(*map(condition, one_by_one))
        case Op.NOT_IN:
            return every(*(condition(replace(one, operator=Op.IS_NOT)) for one in one_by_one))
        case Op.IN:
            return _either(condition(replace(one, operator=Op.EXACT)) for one in one_by_one)
        case (
            Op.EXACT
            | Op.ICONTAINS
            | Op.REGEX
            | Op.GT
            | Op.GTE
            | Op.LT
            | Op.LTE
            | Op.IS_SET
            | Op.IS_NOT_SET
            | Op.IS_DATE_EXACT
            | Op.IS_DATE_BEFORE
            | Op.IS_DATE_AFTER
        ):
            return _either(map(condition, one_by_one))
        case _:
            assert_never(filter_.operator)


def _either(conditions: Iterable[Expr | None]) -> Expr | None:
    listed = tuple(conditions)
    return either(*listed) if listed else Number(0)


def _checked(filter_: PropertyFilter) -> PropertyFilter:
    if filter_.operator in (Op.EXACT, Op.IS_NOT):
        return filter_
    raise BadUserInput(
        "{operator} does not work on {key}.",
        path=(*filter_.path, "operator"),
        hint="Use {exact} or {is_not}.",
        operator=filter_.operator,
        key=filter_.key,
        exact=Op.EXACT,
        is_not=Op.IS_NOT,
    )


def _matched(filter_: PropertyFilter, meter: InputMeter) -> Expr:
    path = (*filter_.path, "value")
    if not isinstance(filter_.value, str):
        raise BadUserInput("{key} needs a string.", path=path, key=filter_.key)
    is_selector = filter_.key == "selector"
    found = has_selector(filter_.value, path, meter) if is_selector else has_tag(filter_.value, path)
    return found if filter_.operator is Op.EXACT else call("not", found)


def _some_text(filter_: PropertyFilter, satisfies: Satisfies) -> Expr | None:
    text = Column("element_text")
    condition = satisfies(filter_, text)
    return condition and call("arrayExists", Lambda(("element_text",), condition), ELEMENTS_TEXTS)


def _match(pattern: str) -> Call:
    return call("match", ELEMENTS_CHAIN, Param(pattern, "String"))
