"""Which changes of the SDL are breaking, and which are not."""

import pytest

from schema.build import print_sdl
from schema.sdl_diff import breaking_changes

OLD = """
schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) { query: Query }
directive @mark(text: String) on FIELD
type Query {
  user(id: ID, name: String): User @requiresScopes(scopes: [["user:read"], ["project:read", "insight:read"]])
  open: Int
  closed: Int @authenticated
}
type User implements Named @key(fields: "id") @key(fields: "org { id }  name") {
  id: ID name: String! kind: Kind org: Org
}
type Org { id: ID }
type Page @shareable { next: Boolean }
interface Named { name: String! }
enum Kind { PERSON ROBOT }
input Wanted { name: String }
union Found = User | Org
"""


def changes(*replaced: tuple[str, str]) -> list[tuple[str, str]]:
    new = OLD
    for text, by in replaced:
        assert text in new
        new = new.replace(text, by)
    return [(change.coordinate, change.description) for change in breaking_changes(OLD, new)]


@pytest.mark.parametrize(
    ("text", "by", "coordinate", "said"),
    [
        ("  open: Int\n", "", "Query.open", "was removed"),
        ("open: Int", "open: Float", "Query.open", "changed type from Int to Float"),
        ("name: String! kind", "name: String kind", "User.name", "changed type"),
        ("id: ID, name: String", "id: ID", "Query.user(name:)", "was removed"),
        ("user(id: ID,", "user(id: ID!,", "Query.user(id:)", "changed type"),
        ("open: Int", "open(at: Int!): Int", "Query.open(at:)", "required argument"),
        ("PERSON ROBOT", "PERSON", "Kind.ROBOT", "was removed"),
        ("input Wanted { name: String }", "input Wanted { name: String! }", "Wanted.name", "changed type"),
        (
            "input Wanted { name: String }",
            "input Wanted { name: String age: Int! }",
            "Wanted.age",
            "required field",
        ),
        ("input Wanted { name: String }", "", "Wanted", "was removed"),
        ("enum Kind { PERSON ROBOT }", "scalar Kind", "Kind", "changed from"),
        ("User | Org", "User", "Org", "union type Found"),
        ("type User implements Named", "type User", "User", "interface Named"),
        ("(text: String)", "", "@mark(text:)", "was removed"),
        ("directive @mark(text: String) on FIELD\n", "", "@mark", "was removed"),
        (' @key(fields: "id")', "", "User", 'lost @key(fields: "id")'),
        (' @key(fields: "org { id }  name")', "", "User", 'lost @key(fields: "org { id } name")'),
        (" @shareable", "", "Page", "lost @shareable"),
        ("open: Int", "open: Int @authenticated", "Query.open", "gained @authenticated"),
        ("open: Int", 'open: Int @requiresScopes(scopes: [["a:read"]])', "Query.open", "other scopes"),
        ('["user:read"], ', "", "Query.user", 'scopes: [["project:read", "insight:read"]]'),
        ('"user:read"', '"user:write"', "Query.user", "other scopes"),
        ('"insight:read"', '"insight:read", "query:read"', "Query.user", "other scopes"),
    ],
)
def test_removals_are_reported_with_their_coordinates(text: str, by: str, coordinate: str, said: str) -> None:
    [(where, description)] = changes((text, by))
    assert where == coordinate
    assert said in description


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("open: Int", "open: Int more: Int"),
        ("open: Int", "open: Int!"),
        ("open: Int", "open(at: Int): Int"),
        ("PERSON ROBOT", "PERSON ROBOT TEAM"),
        ("closed: Int @authenticated", "closed: Int"),
        ("closed: Int @authenticated", "closed: Int @authenticated @deprecated"),
        ('@requiresScopes(scopes: [["user:read"], ["project:read", "insight:read"]])', ""),
        ('@requiresScopes(scopes: [["user:read"], ["project:read", "insight:read"]])', "@authenticated"),
        ('["project:read", "insight:read"]', '["project:read"]'),
        ('"org { id }  name"', '"org { id } name"'),
        ("type Org", "type Org @shareable"),
    ],
)
def test_additions_and_lifted_restrictions_are_not_breaking(text: str, by: str) -> None:
    assert changes((text, by)) == []


def test_requiring_the_read_scope_instead_of_the_write_scope_is_not_breaking() -> None:
    old = 'type Query { a: Int @requiresScopes(scopes: [["insight:write"]]) }'
    assert breaking_changes(old, old.replace("write", "read")) == []
    assert len(breaking_changes(old.replace("write", "read"), old)) == 1


def test_unchanged_schema_has_no_breaking_changes() -> None:
    assert breaking_changes(print_sdl(), print_sdl()) == []


def test_removed_type_is_reported_with_its_users() -> None:
    sdl = print_sdl()
    start = sdl.index('"""A type of group')
    new = sdl[:start] + sdl[sdl.index("}", start) + 1 :]
    new = new.replace("groupTypes: [GroupType!]!", "renamed: Int")
    assert [change.coordinate for change in breaking_changes(sdl, new)] == ["GroupType", "Project.groupTypes"]
