"""old values of keys"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("old_secure_value", sa.String(length=80), nullable=True))
    op.add_column("api_keys", sa.Column("old_mask", sa.String(length=11), nullable=True))
    op.add_column("api_keys", sa.Column("old_value_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_api_keys_old_secure_value"), "api_keys", ["old_secure_value"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_api_keys_old_secure_value"), "api_keys")
    op.drop_column("api_keys", "old_value_until")
    op.drop_column("api_keys", "old_mask")
    op.drop_column("api_keys", "old_secure_value")
