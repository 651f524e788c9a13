"""keys of removed members"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from datasource.metadata.column_types import UtcDateTime

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KEYS = sa.table(
    "api_keys",
    sa.column("id", sa.String),
    sa.column("user_id", sa.String),
    sa.column("created_at", UtcDateTime),
    sa.column("scoped_projects", sa.JSON),
    sa.column("scoped_organizations", sa.JSON),
    sa.column("lost_organizations", sa.JSON(none_as_null=True)),
    sa.column("owner_removed_at", UtcDateTime),
)
_LOG = sa.table(
    "audit_log",
    sa.column("at", UtcDateTime),
    sa.column("organization_id", sa.String),
    sa.column("action", sa.String),
    sa.column("target", sa.JSON),
)
_MEMBERSHIPS = sa.table("memberships", sa.column("organization_id", sa.String), sa.column("user_id", sa.String))
_PROJECTS = sa.table("projects", sa.column("id", sa.Integer), sa.column("organization_id", sa.String))


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("lost_organizations", sa.JSON(), nullable=True))
    op.add_column("api_keys", sa.Column("owner_removed_at", sa.DateTime(timezone=True), nullable=True))
    _withdraw_keys(op.get_bind())


def downgrade() -> None:
    op.drop_column("api_keys", "owner_removed_at")
    op.drop_column("api_keys", "lost_organizations")


def _withdraw_keys(connection: sa.Connection) -> None:
    """Do for earlier removals, which the audit log holds, what is done for later ones at once."""
    removals: dict[str, list[tuple[str, datetime]]] = {}
    query = sa.select(_LOG.c.organization_id, _LOG.c.at, _LOG.c.target).where(_LOG.c.action == "member.removed")
    for organization_id, at, target in connection.execute(query):
        removals.setdefault(str(target.get("member_id")), []).append((organization_id, at))
    memberships: dict[str, set[str]] = {}
    for organization_id, user_id in connection.execute(sa.select(_MEMBERSHIPS)):
        memberships.setdefault(user_id, set()).add(organization_id)
    projects: dict[int, str] = {row.id: row.organization_id for row in connection.execute(sa.select(_PROJECTS))}
    keys = sa.select(_KEYS).where(_KEYS.c.user_id.in_(sorted(removals)))
    for key in connection.execute(keys).mappings().all():
        later = [(each, at) for each, at in removals[key["user_id"]] if at >= key["created_at"]]
        if not later:
            continue
        lost = {organization_id for organization_id, _ in later}
        reached = _reached(key, memberships.get(key["user_id"], set()) - lost, projects)
        values = {
            "lost_organizations": sorted(lost),
            "owner_removed_at": None if reached else max(at for _, at in later),
        }
        connection.execute(_KEYS.update().where(_KEYS.c.id == key["id"]).values(**values))


def _reached(key: sa.RowMapping, organizations: set[str], projects: Mapping[int, str]) -> set[str]:
    """The organizations that the key can still access something in."""
    if key["scoped_organizations"]:
        organizations &= set(key["scoped_organizations"])
    if key["scoped_projects"]:
        organizations &= {projects[each] for each in key["scoped_projects"] if each in projects}
    return organizations
