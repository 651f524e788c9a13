"""weeks that begin on any day"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_SOME = ("SUNDAY", "MONDAY")
_ALL = (*_SOME, "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
_PROJECTS = sa.table("projects", sa.column("week_start_day", sa.String))
_SEQUENCES = sa.table("sqlite_sequence", sa.column("name", sa.String), sa.column("seq", sa.Integer))


def upgrade() -> None:
    _allow(_ALL)


def downgrade() -> None:
    later = _PROJECTS.c.week_start_day.not_in(_SOME)
    op.execute(_PROJECTS.update().where(later).values(week_start_day="SUNDAY"))
    _allow(_SOME)


def _allow(days: tuple[str, ...]) -> None:
    condition = sa.column("week_start_day", sa.String).in_(days)
    last_id = _read_last_id()
    with op.batch_alter_table("projects", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_constraint("week_start_day", type_="check")
        batch_op.create_check_constraint("week_start_day", condition)
    # SQLite changes a constraint by copying the table, and forgets the ids of deleted projects.
    if last_id is not None:
        op.execute(_SEQUENCES.delete().where(_SEQUENCES.c.name == "projects"))
        op.execute(_SEQUENCES.insert().values(name="projects", seq=last_id))


def _read_last_id() -> int | None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return None
    last_id: int | None = connection.scalar(sa.select(_SEQUENCES.c.seq).where(_SEQUENCES.c.name == "projects"))
    return last_id
