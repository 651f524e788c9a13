"""data versions, for the trend cache"""

from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # The server default stays: to drop it, SQLite would have to rewrite the table.
    op.add_column("projects", sa.Column("data_version", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("projects", sa.Column("is_changing", sa.Boolean(), nullable=False, server_default=sa.false()))
    installation = op.create_table(
        "installation",
        sa.Column("id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.bulk_insert(installation, [{"id": str(uuid4())}])


def downgrade() -> None:
    op.drop_table("installation")
    op.drop_column("projects", "is_changing")
    op.drop_column("projects", "data_version")
