"""GraphQL documents made to cost much."""

import random
from collections.abc import Iterator

LONG = "A" * 900_000
DIGITS = "9" * 5_000
TYPE = "fields { name type { kind name ofType { kind name ofType { kind name ofType { name } } } } }"
SCHEMA = f"__schema {{ types {{ {TYPE} }} }}"
MEMBER = "edges { node { member { ...f0 } } }"


def times(text: str, count: int) -> str:
    """The text that many times, with a number for each N, and the next number for each M."""
    return " ".join(text.replace("N", str(number)).replace("M", str(number + 1)) for number in range(count))


DOCUMENTS = {
    "operation name and unused variables": f"query {LONG}({times('$vN: Int', 99)}) {{ __typename }}",
    "many unused variables": f"query q({times('$vN: Int', 990)}) {{ __typename }}",
    "fragment name": f"{{ __typename }} fragment {LONG} on Query {{ __typename }}",
    "field name": f"{{ {LONG} }}",
    "directive name": f"{{ __typename @{LONG} }}",
    "string in place of an object": f'{{ project(id: 1) {{ trend(query: "{LONG}") {{ days }} }} }}',
    "unknown fields": f"{{ {times('aN' + 'a' * 150, 190)} }}",
    "unknown types": f"query({times('$vN: ' + 'T' * 190, 150)}) {{ __typename }}",
    "unknown directives": f"{{ __typename {times('@dN', 450)} }}",
    "syntax error": "{" * 900_000,
    "commas": f"{{ __typename {',' * 900_000} }}",
    "schemas": f"{{ {times(f'aN: {SCHEMA}', 49)} }}",
    "schemas of a fragment": f"{{ {times('aN: __schema { ...s }', 49)} }} fragment s on __Schema {{ __typename }}",
    "types": "{" + times(f'aN: __type(name: "Query") {{ {TYPE} }}', 49) + "}",
    "the SDL": f"{{ {times('aN: _service { sdl }', 49)} }}",
    "repeated fields": f"{{ {'__typename ' * 4_900} }}",
    "repeated objects": f"{{ {'viewer { keyLabel } ' * 1_200} }}",
    "repeated pages": f"{{ {'projects { edges { node { name } } } ' * 480} }}",
    "repeated arguments": f"{{ projects({'first: 1 ' * 1_200}) {{ totalCount }} }}",
    "repeated directives": f"{{ __typename {'@skip(if: false) ' * 700} }}",
    "spreads": f"{{ {times('...fN', 600)} }} {times('fragment fN on Query { __typename }', 600)}",
    "a chain of fragments": f"{{ ...f0 }} {times('fragment fN on Query { __typename ...fM }', 500)}",
    "nested fragments": f"{{ projects {{ edges {{ node {{ usersWithAccess {{ {MEMBER} }} }} }} }} }} "
    + times("fragment fN on Member { aN: roles { members { ...fM } } bN: roles { members { ...fM } } }", 40)
    + " fragment f40 on Member { name }",
    "unused fragments": f"{{ __typename }} {times('fragment fN on Query {' + '__typename ' * 29 + '}', 90)}",
    "a fragment in itself": "{ ...f } fragment f on Query { viewer { ...g } } fragment g on Viewer { ...g }",
    "inline fragments": f"{{ {'... { __typename } ' * 1_200} }}",
    "operations": times("query qN { __typename }", 1_000),
    "digits of an Int": f"{{ projects(first: {DIGITS}) {{ totalCount }} }}",
    "digits of a default": f"query($n: Int = {DIGITS}) {{ projects(first: $n) {{ totalCount }} }}",
    "digits of a Float": f"{{ projects(first: {DIGITS}.5) {{ totalCount }} }}",
    "digits of an ID": f"{{ project(id: {DIGITS}) {{ name }} }}",
    "digits of an entity": f"{{ _entities(representations: [{{__typename: 1, id: {DIGITS}}}]) {{ __typename }} }}",
    "nested lists": f"{{ projects(first: {'[' * 190}1{']' * 190}) {{ totalCount }} }}",
    "a long list": f"{{ projects(first: [{'1 ' * 4_900}]) {{ totalCount }} }}",
    "control characters": '{ __type(name: "a") { name } project(id: "\\u001b[31m\\n\\u202e") { nope } }',
}


def random_documents(seed: int) -> Iterator[str]:
    """Documents of a few valid and invalid parts, repeated, nested and spread at random."""
    rng = random.Random(seed)  # noqa: S311 - the same documents every time
    while True:
        count = rng.choice([0, 0, 2, 7, 31, 101])
        fragments = [f"fragment f{n} on Project {{ {_selections(rng, count, 0)} }}" for n in range(count)]
        body = _selections(rng, count, rng.randrange(5))
        yield f"{{ {f'project(id: 1) {{ {body} }} ' * rng.choice([1, 1, 6, 30, 300])} }} {' '.join(fragments)}"


_LEAVES = ("__typename", "id", "name", "a: name", "nope", "timezone @skip(if: false)", "userAccessLevel")
_NESTED = ("... {{ {} }}", "... on Project @include(if: true) {{ {} }}")


def _selections(rng: random.Random, fragments: int, depth: int) -> str:
    chosen = rng.choices(_LEAVES[: rng.choice([4, 7])], k=rng.choice([1, 3, 40]))
    chosen += [f"...f{rng.randrange(fragments)}" for _ in range(rng.randrange(4) if fragments else 0)]
    if depth:
        chosen.append(rng.choice(_NESTED).format(_selections(rng, fragments, depth - 1)))
    return " ".join(chosen)
