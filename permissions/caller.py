from dataclasses import dataclass

from datasource.metadata.records import MemberRecord


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an API key and the person it belongs to.

    `scoped_projects` and `scoped_organizations` narrow what the person reaches; None: no narrowing.
    """

    key_id: str
    key_label: str
    key_mask: str
    scopes: tuple[str, ...]
    scoped_projects: tuple[int, ...] | None
    scoped_organizations: tuple[str, ...] | None
    user: MemberRecord
