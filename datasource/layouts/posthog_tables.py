"""The tables of a PostHog installation in queries, and the properties in them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from datasource.layouts.posthog_columns import PostHogColumns
from datasource.layouts.posthog_properties import JsonProperties
from datasource.sql.tree import Column, Expr, Number, Param, Table, compare, equals, every

_FROM_THE_FUTURE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PostHogTables:
    """The tables at the time `now`; `database` is None for the engine's own one."""

    columns: PostHogColumns = field(default_factory=PostHogColumns)
    now: datetime | None = None
    database: str | None = None

    def table(self, name: str, alias: str, *, latest: bool = False) -> Table:
        """Return a table; `latest` reads only the last version of each row."""
        return Table(name, alias, is_final=latest, project_column="team_id", database=self.database)

    def event_properties(self, alias: str) -> JsonProperties:
        """Return the properties of events."""
        return JsonProperties(self.columns, "events", "properties", alias)

    def person_properties(self, alias: str) -> JsonProperties:
        """Return the properties of persons."""
        return JsonProperties(self.columns, "person", "properties", alias)

    def group_properties(self, alias: str) -> JsonProperties:
        """Return the properties of groups."""
        return JsonProperties(self.columns, "groups", "group_properties", alias)

    def is_not_deleted(self, name: str, alias: str) -> Expr | None:
        """Return the condition that a row is not marked as deleted, None in tables without marks."""
        return equals(Column("is_deleted", alias), Number(0)) if self.columns.has(name, "is_deleted") else None

    def is_person(self, alias: str) -> Expr | None:
        """Return the condition that a person exists: not deleted, and not from the future."""
        deleted = equals(Column("is_deleted", alias), Number(0))
        if self.now is None:
            return deleted
        latest = f"{(self.now + _FROM_THE_FUTURE).astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        created = compare(Column("created_at", alias), "<=", Param(latest, "DateTime64(3, 'UTC')"))
        return every(deleted, created)
