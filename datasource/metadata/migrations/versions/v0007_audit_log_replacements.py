"""replacements in the audit log"""

from collections.abc import Sequence

from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # INSERT OR REPLACE deletes the earlier row without calling the trigger for deletions. PostgreSQL's INSERT ...
    # ON CONFLICT DO UPDATE calls the one for updates.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_log_insert BEFORE INSERT ON audit_log "
            # Here a row without an id has -1. The other trigger keeps that number free.
            "WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_log_inserted AFTER INSERT ON audit_log WHEN NEW.id < 1 "
            "BEGIN SELECT RAISE(ABORT, 'the ids of the audit log are positive'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_log_inserted")
        op.execute("DROP TRIGGER audit_log_insert")
