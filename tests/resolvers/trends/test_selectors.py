"""Selectors: how they are read, which are rejected, and which chains their patterns find in ClickHouse."""

import re
from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from errors import BadUserInput
from resolvers.trends.elements import has_selector
from resolvers.trends.input_sizes import InputMeter
from resolvers.trends.selectors import SelectorPart, parse_selector, selector_pattern
from tests.resolvers.trends.element_events import Element, Row, chain, find, insert_rows

Part = SelectorPart
PATH = ("query", "filters", 0, "value")


@pytest.mark.parametrize(
    ("selector", "parts"),
    [
        ("a", (Part("a"),)),
        ("  a  ", (Part("a"),)),
        ("div a", (Part("div"), Part("a"))),
        ("div \n\t a", (Part("div"), Part("a"))),
        ("div > a", (Part("div"), Part("a", is_child=True))),
        ("div>a", (Part("div"), Part("a", is_child=True))),
        ("ul > li a", (Part("ul"), Part("li", is_child=True), Part("a"))),
        (".b.a.b", (Part(classes=("a", "b")),)),
        ("a.b", (Part("a", ("b",)),)),
        (".w-[1.5px].p-2", (Part(classes=("p-2", "w-[1.5px]")),)),
        (r".[&>svg]\:w", (Part(classes=("[&>svg]:w",)),)),
        (r".[&_[data-x]]\:p-[1.5px]", (Part(classes=("[&_[data-x]]:p-[1.5px]",)),)),
        (".w-1/2", (Part(classes=("w-1/2",)),)),
        (r".md\:flex", (Part(classes=("md:flex",)),)),
        (r".a\.b", (Part(classes=("a.b",)),)),
        (r".data-[state=open]\:flex", (Part(classes=("data-[state=open]:flex",)),)),
        (r".a\"b", (Part(classes=("ab",)),)),
        (".items[0]", (Part(classes=("items[0]",)),)),
        ("#main", (Part(attributes=(("attr_id", "main"),)),)),
        (r"#\31 23", (Part(attributes=(("attr_id", "123"),)),)),
        (r"#a\0", (Part(attributes=(("attr_id", "a\N{REPLACEMENT CHARACTER}"),)),)),
        ('[id="a b"]', (Part(attributes=(("attr_id", "a b"),)),)),
        ("[data-id='7']", (Part(attributes=(("data-id", "7"),)),)),
        ('[ data-id = "7" ]', (Part(attributes=(("data-id", "7"),)),)),
        ('[data-id=""]', (Part(attributes=(("data-id", ""),)),)),
        ('[data-id="a > b, c"] d', (Part(attributes=(("data-id", "a > b, c"),)), Part("d"))),
        (r'[x="say \"hi\""]', (Part(attributes=(("x", 'say "hi"'),)),)),
        (r"[x='it\'s \\ \d']", (Part(attributes=(("x", r"it's \ \d"),)),)),
        ('[x="]"]', (Part(attributes=(("x", "]"),)),)),
        ('[x="1"][x="1"][y="2"]', (Part(attributes=(("x", "1"), ("y", "2"))),)),
        ("a:nth-child(2)", (Part("a", attributes=(("nth-child", "2"),)),)),
        ("a:nth-of-type( 02 )", (Part("a", attributes=(("nth-of-type", "2"),)),)),
        (
            'div#x.c[y="z"]:nth-child(1)',
            (Part("div", ("c",), (("attr_id", "x"), ("y", "z"), ("nth-child", "1"))),),
        ),
        ("*", ()),
        ("* > *", ()),
        ("* > a", (Part("a"),)),
        ("a > *", (Part("a"),)),
        ("div > * > a", (Part("div"), Part("a"))),
        ("div * a", (Part("div"), Part("a"))),
        ("div > a *", (Part("div"), Part("a", is_child=True))),
        ("*.b > *#c", (Part(classes=("b",)), Part(attributes=(("attr_id", "c"),), is_child=True))),
        ("größe", (Part("größe"),)),
        (".😀", (Part(classes=("😀",)),)),
    ],
)
def test_selector_is_read(selector: str, parts: tuple[SelectorPart, ...]) -> None:
    assert parse_selector(selector) == parts


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("", "A selector is required."),
        (" ", "A selector is required."),
        ("> a", "An element is missing"),
        ("a >", "An element is missing"),
        ("a > > b", "Two '>'"),
        ("a, b", "Unexpected ','"),
        ("a + b", "Unexpected '+'"),
        ("a ~ b", "Unexpected '~'"),
        ("a.", "A class name is missing"),
        ("a..b", "A class name is missing"),
        ("#", "An id is missing"),
        ("a:hover", "Only :nth-child(n)"),
        (".md:flex", "Only :nth-child(n)"),
        ("a:nth-child(2n+1)", "Only :nth-child(n)"),
        ("a:nth-child(odd)", "Only :nth-child(n)"),
        ("a::before", "Only :nth-child(n)"),
        ("[disabled]", "Invalid attribute."),
        ("[data-id=7]", "Invalid attribute."),
        ('[data-id^="7"]', "Invalid attribute."),
        ('[="7"]', "Invalid attribute."),
        ("[", "Invalid attribute."),
        ('[x="7', "Invalid attribute."),
        (".btn[type=submit]", "Invalid attribute."),
        (".btn[disabled]", "Invalid attribute."),
        ('.btn[data-id$="7"]', "Invalid attribute."),
        (".w-[1px", "A bracket is not closed."),
        ('[x="1"]a', "Unexpected 'a'"),
        ("*a", "Unexpected 'a'"),
        ("a\\", "Unexpected '\\\\'"),
        ('a"b"', "Unexpected"),
        ("a)", "Unexpected ')'"),
        ('[a="1"][b="1"][c="1"][d="1"][e="1"]', "at most 4 attributes"),
        ("a" * 2001, "at most 2000 characters"),
        (" ".join(['[a="1"][b="1"][c="1"][d="1"]'] * 20), "too complex"),
    ],
)
def test_invalid_selector_is_an_error_with_its_path(selector: str, message: str) -> None:
    with pytest.raises(BadUserInput, match=re.escape(message)) as caught:
        selector_pattern(selector, PATH)
    assert caught.value.path == PATH
    assert caught.value.hint


def test_error_names_the_position() -> None:
    with pytest.raises(BadUserInput, match=re.escape("At character 4 of 'div, a'.")):
        parse_selector("div, a")


ICON = Element("svg", ("icon", "md:w-4", "w-[1.5px]"), nth_child=2)
BUTTON = Element(
    "button", ("btn", "btn-primary"), id="buy", text="Buy; now", page={"data-id": "7", "type": "submit"}
)
CARD = Element(
    "div", ("card", "shadow"), id="card-1", nth_child=3, nth_of_type=2, page={"aria-label": 'The "best"'}
)
SECTION = Element("section")
BODY = Element("body", ("page",))
ROWS = (
    Row("icon", chain=chain(ICON, BUTTON, CARD, SECTION, BODY)),
    Row("button", chain=chain(BUTTON, CARD, SECTION, BODY)),
    Row("card", chain=chain(CARD, SECTION, BODY)),
    Row("link", chain=chain(Element("a", href="/x", text="x;button.btn:"), Element("div"), CARD, BODY)),
    Row("bare", chain="span.plain;i;p:"),
    Row("none"),
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("button", {"icon", "button"}),
        ("butto", set()),
        ("Button", set()),
        ("i", {"bare"}),
        ("p", {"bare"}),
        ("span", {"bare"}),
        ("*", {"icon", "button", "card", "link", "bare"}),
        # descendants and children
        ("body button", {"icon", "button"}),
        ("button body", set()),
        ("section > div", {"icon", "button", "card"}),
        ("section > button", set()),
        ("section > * > button", {"icon", "button"}),
        ("section button > svg", {"icon"}),
        ("body > div", {"link"}),
        ("body > div > div > a", {"link"}),
        ("body > div > a", set()),
        ("div div", {"link"}),
        ("div > div", {"link"}),
        ("p span", {"bare"}),
        ("p > span", set()),
        ("p > i > span", {"bare"}),
        # classes
        (".btn", {"icon", "button"}),
        ("a.btn", set()),
        (".btn-primary.btn", {"icon", "button"}),
        (".btn.btn-primary", {"icon", "button"}),
        (".btn.card", set()),
        (".btn-", set()),
        (".primary", set()),
        (".plain", {"bare"}),
        (".w-[1.5px]", {"icon"}),
        (".icon.w-[1.5px]", {"icon"}),
        (r".w-\[1\.5px\]", {"icon"}),
        (r".md\:w-4", {"icon"}),
        (".md", set()),
        (".w-4", set()),
        # ids, attributes, positions
        ("#buy", {"icon", "button"}),
        ("#bu", set()),
        ("div#buy", set()),
        ("#card-1 #buy", {"icon", "button"}),
        ('[id="buy"]', {"icon", "button"}),
        ('[data-id="7"]', {"icon", "button"}),
        ("button[data-id='7'][type='submit']", {"icon", "button"}),
        ("button[type='submit'][data-id='7']#buy", {"icon", "button"}),
        ('[data-id="8"]', set()),
        ('[data-id="7"][data-id="8"]', set()),
        ('[id="7"]', set()),
        ('[data.id="7"]', set()),
        ('[href="/x"]', {"link"}),
        ('[ref="/x"]', set()),
        ('[label="x"]', set()),
        ('[text="Buy; now"]', {"icon", "button"}),
        (r'[aria-label="The \"best\""]', {"icon", "button", "card", "link"}),
        ("[aria-label='The \"best\"']", {"icon", "button", "card", "link"}),
        ("div.card.shadow:nth-child(3)", {"icon", "button", "card", "link"}),
        (":nth-child(2)", {"icon"}),
        ("div:nth-child(2)", set()),
        ("div:nth-of-type(2):nth-child(3)", {"icon", "button", "card", "link"}),
        (".page > section > .shadow.card#card-1 > button", {"icon", "button"}),
    ],
)
async def test_selector_finds_chains(engine: Engine, project_id: int, selector: str, expected: set[str]) -> None:
    await insert_rows(engine, project_id, ROWS)
    assert await find(engine, project_id, has_selector(selector, PATH, InputMeter())) == expected


HOSTILE = (
    'say "hi"',
    '"',
    'a\\"b',
    "a\\b",
    "\\d+",
    ".*+?()|[]{}^$",
    "(?i)x",
    "a;b",
    'x";a.btn:text="no',
    "x>y",
    "'; DROP TABLE events; --",
    "%_",
    "{p0:String}",
    "line\nbreak\ttab",
    "naïve 😀",
    "nul\0byte",
    " ",
    "",
)


@pytest.mark.parametrize("value", HOSTILE)
async def test_hostile_value_of_an_attribute_matches_only_itself(
    engine: Engine, project_id: int, value: str
) -> None:
    rows = [
        Row("it", chain=chain(Element("a", page={"data-a": "1", "x": value, "y": "1"}), BODY)),
        Row("longer", chain=chain(Element("a", page={"x": f"{value}b"}), Element("a", page={"x": f"b{value}"}))),
        Row("text", chain=chain(Element("a", text=f'x="{value}"'), BODY)),
    ]
    await insert_rows(engine, project_id, rows)
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert await find(engine, project_id, has_selector(f'body > a[x="{quoted}"][y="1"]', PATH, InputMeter())) == {
        "it"
    }


@pytest.mark.parametrize(
    "name", ["a+b", "a*", "(a|b)", "a^b$", "a{2}", "$x", "@md", "ä😀", "a[b", "a'b", "--a", "7a"]
)
async def test_hostile_class_and_id_match_only_themselves(engine: Engine, project_id: int, name: str) -> None:
    rows = [
        Row("class", chain=chain(Element("a", ("a", name, "z")))),
        Row("id", chain=chain(Element("a", id=name))),
        Row("neither", chain=chain(Element("a", ("aab", "aa", "b", "ab"), id="ab", text=name))),
    ]
    await insert_rows(engine, project_id, rows)
    escaped = "".join(f"\\{ord(character):x} " for character in name)
    assert await find(engine, project_id, has_selector(f"a.{escaped}", PATH, InputMeter())) == {"class"}
    assert await find(engine, project_id, has_selector(f"#{escaped}", PATH, InputMeter())) == {"id"}


def _matches(parts: Sequence[SelectorPart], elements: Sequence[Element], *, is_anchored: bool = False) -> bool:
    """The meaning of parts, without a pattern; both sequences from the innermost."""
    if not parts:
        return True
    for position, element in enumerate(elements[:1] if is_anchored else elements):
        rest = elements[position + 1 :]
        if _satisfies(parts[0], element) and _matches(parts[1:], rest, is_anchored=parts[0].is_child):
            return True
    return False


def _satisfies(part: SelectorPart, element: Element) -> bool:
    own = {"attr_id": element.id, "nth-child": str(element.nth_child), "text": element.text}
    has_attributes = all(value in (own.get(name), element.page.get(name)) for name, value in part.attributes)
    return part.tag in (None, element.tag) and set(part.classes) <= set(element.classes) and has_attributes


def _part_text(part: SelectorPart) -> str:
    classes = "".join("." + "".join(f"\\{ord(character):x} " for character in name) for name in part.classes)
    values = [(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in part.attributes]
    attributes = [
        f":nth-child({value})" if name == "nth-child" else f'[{name}="{value}"]' for name, value in values
    ]
    return ("> " if part.is_child else "") + (part.tag or "*") + classes + "".join(attributes)


_NAMES = st.sampled_from(["a", "b", "div"])
_CLASSES = st.lists(
    st.sampled_from(["a", "b", "a:b", "md:a", "w-[1.5a]", "[&>a]:b", "a-b"]), unique=True, max_size=3
)
_VALUES = st.text(st.sampled_from('ab";:=.\\ >[\n😀'), max_size=6).filter(lambda value: not value.endswith("\\"))
_ELEMENTS = st.builds(
    Element,
    _NAMES,
    _CLASSES.map(tuple),
    text=st.none() | _VALUES,
    nth_child=st.integers(1, 2),
    page=st.dictionaries(st.sampled_from(["a", "data-a", "x:a"]), st.sampled_from(["a", "b"]) | _VALUES),
)
_ATTRIBUTES = st.tuples(
    st.sampled_from(["a", "data-a", "text"]), st.sampled_from(["a", "b"]) | _VALUES
) | st.tuples(st.just("nth-child"), st.sampled_from(["1", "2"]))
_PARTS = st.builds(
    SelectorPart,
    st.none() | _NAMES,
    _CLASSES.map(lambda names: tuple(sorted(names))),
    st.lists(_ATTRIBUTES, unique=True, max_size=2).map(tuple),
    st.booleans(),
).filter(lambda part: bool(part.tag or part.classes or part.attributes))


@given(st.lists(_PARTS, min_size=1, max_size=3), st.lists(_ELEMENTS, min_size=1, max_size=4))
def test_pattern_means_what_the_parts_say(parts: list[SelectorPart], elements: list[Element]) -> None:
    parts[0] = Part(parts[0].tag, parts[0].classes, parts[0].attributes)
    selector = " ".join(map(_part_text, parts))
    assert parse_selector(selector) == tuple(parts)
    found = re.search(selector_pattern(selector), chain(*elements)) is not None
    assert found == _matches(parts[::-1], elements)


_SMALL = (
    Element("a", ("b",)),
    Element("a", ("a:b", "b"), id="b"),
    Element("b", ("a", "b"), nth_child=2, page={"a": "b"}),
    Element("b", text='b;a.b:a="b"', page={"a": "a", "data-a": "b"}),
)
_SMALL_PARTS = ("a", "b", ".b", ".b.a", r"a.a\:b", "#b", 'b[a="b"]', ":nth-child(2)", "*")


def _small_selectors() -> Iterator[str]:
    for outer, combinator, inner in product(_SMALL_PARTS, (" ", " > "), _SMALL_PARTS):
        yield f"{outer}{combinator}{inner}"


async def test_clickhouse_finds_what_the_parts_say(engine: Engine, project_id: int) -> None:
    chains = [elements for depth in (1, 2, 3) for elements in product(_SMALL, repeat=depth)]
    await insert_rows(engine, project_id, [Row(str(n), chain=chain(*each)) for n, each in enumerate(chains)])
    for selector in _small_selectors():
        parts = parse_selector(selector)[::-1]
        expected = {str(n) for n, elements in enumerate(chains) if _matches(parts, elements)}
        assert await find(engine, project_id, has_selector(selector, PATH, InputMeter())) == expected, selector
