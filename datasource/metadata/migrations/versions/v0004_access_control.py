"""access control"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_FEATURES = ("access_control", "role_based_access", "member_keys")


def upgrade() -> None:
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        for feature in _FEATURES:
            batch_op.add_column(sa.Column(feature, sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        for feature in _FEATURES:
            batch_op.alter_column(feature, server_default=None)
    _create_roles()
    _create_access_controls()
    _create_audit_log()
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.alter_column("user_id", existing_type=sa.String(length=36), nullable=True)
        batch_op.add_column(sa.Column("project_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("description", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("last_rolled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_api_keys_project_id_projects"), "projects", ["project_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_api_keys_one_owner"), "(user_id IS NULL) <> (project_id IS NULL)"
        )
        batch_op.create_index(batch_op.f("ix_api_keys_project_id"), ["project_id"], unique=False)
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.alter_column("description", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM api_keys WHERE user_id IS NULL")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_keys_project_id"))
        batch_op.drop_constraint(batch_op.f("ck_api_keys_one_owner"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_api_keys_project_id_projects"), type_="foreignkey")
        for column in ("last_rolled_at", "expires_at", "description", "project_id"):
            batch_op.drop_column(column)
        batch_op.alter_column("user_id", existing_type=sa.String(length=36), nullable=False)
    _drop_audit_log()
    with op.batch_alter_table("access_controls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_controls_member_id"))
        batch_op.drop_index(batch_op.f("ix_access_controls_role_id"))
    op.drop_table("access_controls")
    with op.batch_alter_table("role_memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_memberships_membership_id"))
    op.drop_table("role_memberships")
    op.drop_table("roles")
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        for feature in _FEATURES:
            batch_op.drop_column(feature)


def _create_roles() -> None:
    op.create_table(
        "roles",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_roles_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_roles_organization_id_name")),
    )
    op.create_table(
        "role_memberships",
        sa.Column("role_id", sa.String(length=36), nullable=False),
        sa.Column("membership_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name=op.f("fk_role_memberships_role_id_roles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name=op.f("fk_role_memberships_membership_id_memberships"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("role_id", "membership_id", name=op.f("pk_role_memberships")),
    )
    with op.batch_alter_table("role_memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_memberships_membership_id"), ["membership_id"], unique=False)


def _create_access_controls() -> None:
    op.create_table(
        "access_controls",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("role_id", sa.String(length=36), nullable=True),
        sa.Column("access_level", sa.String(length=16), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("member_id IS NULL OR role_id IS NULL", name=op.f("ck_access_controls_one_subject")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_access_controls_project_id_projects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["memberships.id"],
            name=op.f("fk_access_controls_member_id_memberships"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name=op.f("fk_access_controls_role_id_roles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_access_controls_created_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_controls")),
        sa.UniqueConstraint(
            "project_id",
            "resource",
            "resource_id",
            "subject",
            name=op.f("uq_access_controls_project_id_resource_resource_id_subject"),
        ),
    )
    with op.batch_alter_table("access_controls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_controls_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_controls_role_id"), ["role_id"], unique=False)


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_log_organization_id_id"), ["organization_id", "id"], unique=False
        )
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_{change.lower()} BEFORE {change} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_log_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()"
        )


def _drop_audit_log() -> None:
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_log_organization_id_id"))
    op.drop_table("audit_log")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_log_refuse()")
