"""Add what rules look back on; let one story open several alerts of a rule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "rule_tallies",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "at", name="pk_rule_tallies"),
    )
    op.create_index("ix_rule_tallies_at", "rule_tallies", ["at"])
    op.create_table(
        "rule_matters",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "topic", "name", name="pk_rule_matters"),
    )
    op.create_index(
        "ix_rule_matters_rule_topic_last_at",
        "rule_matters",
        ["rule", "topic", "last_at"],
    )
    op.create_index("ix_rule_matters_last_at", "rule_matters", ["last_at"])
    op.create_table(
        "rule_watches",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("rule", "name", name="pk_rule_watches"),
    )
    op.create_index("ix_rule_watches_changed_at", "rule_watches", ["changed_at"])
    op.add_column(
        "sightings",
        sa.Column("publisher", sa.Text(), nullable=False, server_default=sa.text("''")),
    )
    op.add_column("sightings", sa.Column("age", sa.Double()))
    with op.batch_alter_table("alerts") as batch:
        batch.drop_constraint("uq_alerts_rule_story", type_="unique")


def downgrade() -> None:
    """Drop them; what rules remembered is lost."""
    with op.batch_alter_table("alerts") as batch:
        batch.create_unique_constraint("uq_alerts_rule_story", ["rule", "story"])
    op.drop_column("sightings", "age")
    op.drop_column("sightings", "publisher")
    op.drop_table("rule_watches")
    op.drop_table("rule_matters")
    op.drop_table("rule_tallies")
