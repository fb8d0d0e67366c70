"""Every metric Wirewatch exposes, declared once.

Labels hold only names from the configuration, never a URL or an item. One `Metrics`
belongs to one process and is handed to whoever counts; tests make their own.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DELAY = (0.05, 0.1, 0.3, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 14400, 86400)


class Metrics:
    """Hold the process's counters, gauges and histograms in one registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = r = registry or CollectorRegistry()
        # Polling
        self.polls = Counter(
            "wirewatch_feed_polls_total",
            "Polls of a feed by outcome (changed, unchanged, error).",
            ["feed", "outcome"],
            registry=r,
        )
        self.poll_seconds = Histogram(
            "wirewatch_feed_poll_duration_seconds",
            "Time from asking a feed to its whole answer.",
            buckets=_FAST,
            registry=r,
        )
        self.poll_lateness = Histogram(
            "wirewatch_feed_poll_lateness_seconds",
            "Time from when a feed was due to when it was asked.",
            buckets=(0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 300),
            registry=r,
        )
        self.feed_failures = Gauge(
            "wirewatch_feed_consecutive_failures",
            "Polls of a feed that have failed in a row.",
            ["feed"],
            registry=r,
        )
        self.feed_unwell = Gauge(
            "wirewatch_feed_unwell",
            "1 for what is wrong with a feed (failing, changed, shrunken, quiet).",
            ["feed", "problem"],
            registry=r,
        )
        self.feeds = Gauge(
            "wirewatch_feeds",
            "Feeds of the configuration by state.",
            ["state"],
            registry=r,
        )
        self.entries = Counter(
            "wirewatch_feed_entries_total",
            "New or revised entries appended to the log.",
            ["feed", "kind"],
            registry=r,
        )
        self.gaps = Counter(
            "wirewatch_feed_gaps_total",
            "Polls between which a feed moved on entirely, so that entries may be lost.",
            ["feed"],
            registry=r,
        )
        self.withdrawn = Counter(
            "wirewatch_feed_withdrawn_total",
            "Entries that vanished from a feed and are suspected withdrawn.",
            ["feed"],
            registry=r,
        )
        self.parse_kills = Counter(
            "wirewatch_parse_workers_killed_total",
            "Parse workers killed at their deadline or memory limit.",
            registry=r,
        )
        # Push
        self.websub_requests = Counter(
            "wirewatch_websub_requests_total",
            "Requests to hubs by outcome (accepted, refused, failed).",
            ["mode", "outcome"],
            registry=r,
        )
        self.websub_answers = Counter(
            "wirewatch_websub_verifications_total",
            "What hubs verified or denied by outcome (confirmed, refused).",
            ["mode", "outcome"],
            registry=r,
        )
        self.websub_pushes = Counter(
            "wirewatch_websub_pushes_total",
            "Pushes by outcome (new, known, unsigned, unreadable, busy).",
            ["outcome"],
            registry=r,
        )
        self.websub_subscriptions = Gauge(
            "wirewatch_websub_subscriptions",
            "Subscriptions by state (active, waiting, failing, ending).",
            ["state"],
            registry=r,
        )
        # Streams
        self.records = Counter(
            "wirewatch_records_processed_total",
            "Records an agent finished, by outcome (ok, dead_letter).",
            ["agent", "outcome"],
            registry=r,
        )
        self.classified = Counter(
            "wirewatch_entries_classified_total",
            "Entries classified, counting redeliveries.",
            registry=r,
        )
        self.classify_seconds = Histogram(
            "wirewatch_classify_record_duration_seconds",
            "Time to classify the entries of one record.",
            buckets=_FAST,
            registry=r,
        )
        self.matches = Counter(
            "wirewatch_matches_total",
            "Entries that matched a topic, counting redeliveries.",
            ["topic"],
            registry=r,
        )
        self.topic_errors = Counter(
            "wirewatch_topic_errors_total",
            "Entries a topic could not judge because it raised an error.",
            ["topic"],
            registry=r,
        )
        self.dead_letters = Counter(
            "wirewatch_dead_letters_total",
            "Records set aside because they could not be processed.",
            ["stream"],
            registry=r,
        )
        self.log_end_offset = Gauge(
            "wirewatch_log_end_offset",
            "Records ever appended to a stream, summed over its partitions.",
            ["stream"],
            registry=r,
        )
        self.waiting = Gauge(
            "wirewatch_agent_records_waiting",
            "Records that an agent of this process has still to take.",
            ["agent"],
            registry=r,
        )
        self.dependency_up = Gauge(
            "wirewatch_dependency_up",
            "Whether the log or the state answered when last asked (1 or 0).",
            ["dependency"],
            registry=r,
        )
        self.retries = Counter(
            "wirewatch_dependency_retries_total",
            "Operations tried again because the log or the state was away.",
            ["dependency"],
            registry=r,
        )
        self.service_restarts = Counter(
            "wirewatch_service_restarts_total",
            "Restarts of a service that ended by error.",
            ["service"],
            registry=r,
        )
        # Alerts and delivery
        self.alerts = Counter(
            "wirewatch_alerts_total",
            "Alerts opened.",
            ["rule", "topic", "severity"],
            registry=r,
        )
        self.alert_changes = Counter(
            "wirewatch_alert_changes_total",
            "What alerts told of (firing, updated, amended, withdrawn, resolved).",
            ["rule", "change"],
            registry=r,
        )
        self.absence = Gauge(
            "wirewatch_rule_absence",
            "What a rule expects by what is known of it (seen, absent, unknown).",
            ["rule", "state"],
            registry=r,
        )
        self.attempts = Counter(
            "wirewatch_delivery_attempts_total",
            "Attempts to deliver by outcome (delivered, retry, dead).",
            ["receiver", "outcome"],
            registry=r,
        )
        self.attempt_seconds = Histogram(
            "wirewatch_delivery_attempt_duration_seconds",
            "Time one delivery attempt took.",
            buckets=_FAST,
            registry=r,
        )
        self.delay = Histogram(
            "wirewatch_alert_delay_seconds",
            "Time from the feed's answer to the receiver's acceptance.",
            buckets=_DELAY,
            registry=r,
        )
        self.outbox = Gauge(
            "wirewatch_outbox_notifications",
            "Notifications in the outbox by state (pending, dead).",
            ["receiver", "state"],
            registry=r,
        )
        # Configuration
        self.config_loaded = Gauge(
            "wirewatch_config_last_reload_successful",
            "Whether the last reload of the configuration succeeded (1 or 0).",
            registry=r,
        )
        self.config_loaded_at = Gauge(
            "wirewatch_config_last_reload_success_timestamp_seconds",
            "When the running configuration was loaded.",
            registry=r,
        )
