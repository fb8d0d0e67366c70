"""Remember sketches of entries, who published them, and which stories are one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
EMPTY = sa.text("''")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = (
    "family", "country", "agency", "joined", "discounted", "actors", "act", "lang"
)  # fmt: skip
COPY_OF = ("copy_feed", "copy_entry")
MERGED = sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    """Add the columns and the tables; what was sighted before has no sketch."""
    for name in WORDS:
        column = sa.Column(name, sa.Text(), nullable=False, server_default=EMPTY)
        op.add_column("sightings", column)
    for name in COPY_OF:
        op.add_column("sightings", sa.Column(name, sa.Text()))
    op.create_index(
        "ix_sightings_topic_family_seen_at",
        "sightings",
        ["topic", "family", "seen_at"],
    )
    families = sa.Column("families", sa.Integer(), nullable=False, server_default="1")
    op.add_column("stories", families)
    op.add_column("stories", sa.Column("merged_into", sa.Text()))
    op.create_index(
        "ix_stories_merged_into",
        "stories",
        ["merged_into"],
        sqlite_where=MERGED,
        postgresql_where=MERGED,
    )
    op.add_column("story_signatures", sa.Column("first_seen_at", TIME))
    op.add_column("story_signatures", sa.Column("feed", sa.Text()))
    op.add_column("story_signatures", sa.Column("entry", sa.Text()))
    op.add_column(
        "story_signatures",
        sa.Column("is_edit", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _create_sketches()


def _create_sketches() -> None:
    op.create_table(
        "story_sketches",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_story_sketches"),
    )
    op.create_index("ix_story_sketches_story", "story_sketches", ["story"])
    op.create_index("ix_story_sketches_seen_at", "story_sketches", ["seen_at"])
    op.create_table(
        "story_keys",
        sa.Column("key", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("sketch", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("key", "seen_us", "sketch", name="pk_story_keys"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Forget sketches, publishers and merges; merged sightings stay merged."""
    op.drop_table("story_keys")
    op.drop_table("story_sketches")
    for name in ("is_edit", "entry", "feed", "first_seen_at"):
        op.drop_column("story_signatures", name)
    op.drop_index("ix_stories_merged_into", "stories")
    op.drop_column("stories", "merged_into")
    op.drop_column("stories", "families")
    op.drop_index("ix_sightings_topic_family_seen_at", "sightings")
    for name in (*COPY_OF, *WORDS):
        op.drop_column("sightings", name)
