"""Let alerts change: what they are about, what was told, what became of entries."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, and carry over the alerts that were told once."""
    _create()
    op.add_column(
        "sightings",
        sa.Column("byline", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
    )
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("subject", sa.Text()))
        alerts.add_column(sa.Column("told_at", TIME))
    op.execute("UPDATE alerts SET subject = story, told_at = opened_at")
    op.execute(
        "INSERT INTO alert_subjects (rule, subject, alert) "
        "SELECT rule, story, id FROM alerts"
    )
    _carry_over()
    op.drop_index("ix_alerts_unpublished", "alerts")
    with op.batch_alter_table("alerts") as alerts:
        alerts.alter_column("subject", existing_type=sa.Text(), nullable=False)
        alerts.alter_column("told_at", existing_type=TIME, nullable=False)
        alerts.create_unique_constraint("uq_alerts_rule_subject", ["rule", "subject"])
        alerts.drop_column("published_at")
    op.create_index(
        "ix_alerts_rule_topic_told_at", "alerts", ["rule", "topic", "told_at"]
    )
    op.drop_index("ix_alerts_opened_at", "alerts")
    op.create_index("ix_alerts_told_at", "alerts", ["told_at"])


def _create() -> None:
    op.create_table(
        "alert_subjects",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "subject", name="pk_alert_subjects"),
    )
    op.create_index("ix_alert_subjects_subject", "alert_subjects", ["subject"])
    op.create_index("ix_alert_subjects_alert", "alert_subjects", ["alert"])
    op.create_table(
        "alert_changes",
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("published_at", TIME),
        sa.PrimaryKeyConstraint("alert", "number", name="pk_alert_changes"),
    )
    is_unpublished = sa.text("published_at IS NULL")
    op.create_index(
        "ix_alert_changes_unpublished",
        "alert_changes",
        ["at"],
        sqlite_where=is_unpublished,
        postgresql_where=is_unpublished,
    )
    op.create_table(
        "entry_revisions",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint(
            "feed", "entry_key", "revision", "kind", name="pk_entry_revisions"
        ),
    )
    op.create_index("ix_entry_revisions_seen_at", "entry_revisions", ["seen_at"])


def _carry_over() -> None:
    """Write the opening of every alert as its first change."""
    conn = op.get_bind()
    changes = sa.table(
        "alert_changes",
        *(sa.column(name) for name in ("alert", "number", "kind", "change")),
        sa.column("at", TIME),
        sa.column("published_at", TIME),
    )
    found = conn.execute(
        sa.text("SELECT id, alert, opened_at, published_at FROM alerts").columns(
            opened_at=TIME, published_at=TIME
        )
    )
    for row in found.all():
        alert = json.loads(row.alert)
        change = {"at": alert["opened_at"], "alert": alert, "kind": "firing"}
        conn.execute(
            changes.insert().values(
                alert=row.id,
                number=0,
                kind="firing",
                change=json.dumps(change, ensure_ascii=False, separators=(",", ":")),
                at=row.opened_at,
                published_at=row.published_at,
            )
        )


def downgrade() -> None:
    """Keep the alerts as they stand now; what was told of them before is forgotten."""
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("published_at", TIME))
    op.execute(
        "UPDATE alerts SET published_at = (SELECT max(published_at) "
        "FROM alert_changes WHERE alert_changes.alert = alerts.id)"
    )
    op.drop_index("ix_alerts_rule_topic_told_at", "alerts")
    op.drop_index("ix_alerts_told_at", "alerts")
    op.create_index("ix_alerts_opened_at", "alerts", ["opened_at"])
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_constraint("uq_alerts_rule_subject", type_="unique")
        alerts.drop_column("subject")
        alerts.drop_column("told_at")
    is_unpublished = sa.text("published_at IS NULL")
    op.create_index(
        "ix_alerts_unpublished",
        "alerts",
        ["opened_at"],
        sqlite_where=is_unpublished,
        postgresql_where=is_unpublished,
    )
    op.drop_column("sightings", "byline")
    for table in ("entry_revisions", "alert_changes", "alert_subjects"):
        op.drop_table(table)
