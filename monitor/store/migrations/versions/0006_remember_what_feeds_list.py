"""Remember what each feed lists, so that what is taken back can be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLE = "feed_windows"


def upgrade() -> None:
    """Add the lists, and the marks of what is missing from them."""
    op.create_table(
        TABLE,
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.Column("gap_at", TIME),
        sa.Column("withdrawn", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feed", name=f"pk_{TABLE}"),
    )
    op.add_column(
        "feeds",
        sa.Column("watched", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("feed_entries", sa.Column("withdrawn_at", TIME))


def downgrade() -> None:
    """Forget the lists."""
    op.drop_column("feed_entries", "withdrawn_at")
    op.drop_column("feeds", "watched")
    op.drop_table(TABLE)
