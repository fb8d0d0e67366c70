"""What becomes of an alert: opened, updated, folded, amended, withdrawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor import pipeline
from monitor.memory import MemoryState
from monitor.model import Change, Match, Revision, Route, Span
from monitor.pipeline import Plan
from monitor.rule_model import Realert, Rule
from tests.factories import NOON, entry, match, publishers, receiver, rule

HOUR = timedelta(hours=1)
THREAT = "Tokyo may withhold UNESCO dues over the Nanjing papers"
LEAD = (
    "The chief cabinet secretary told reporters that all measures, a halt of payments "
    "among them, were under study after the listing of the documents last week."
)
OTHER_WORDS = {
    "bravo": "Japan weighs a stop to what it pays the UN cultural agency, an aide to "
    "the premier said in answer to a question from an opposition member.",
    "charlie": "Money for the Paris body is in doubt as ministers in Tokyo look for an "
    "answer to the listing, three people with knowledge of the matter told us.",
    "delta": "No decision has been made, yet the foreign ministry does not rule out "
    "that next year's share is held back, its press secretary conceded.",
}


class Desk:
    """A newsroom that hears of one rule."""

    def __init__(self, *rules: Rule) -> None:
        self.plan = Plan(
            rules=rules or (rule(),),
            route=Route(receivers=("desk",)),
            receivers={"desk": receiver()},
            publishers=publishers(),
        )
        self.state = MemoryState()

    def hear(self, hour: float, paper: str, **fields: Any) -> list[Change]:
        """Take an entry of a paper; return what is told of it."""
        return pipeline.assess(
            [self.match(hour, paper, **fields)], self.plan, self.state
        )

    def match(self, hour: float, paper: str, **fields: Any) -> Match:
        of = {"title": THREAT, "summary": LEAD, "id": f"{paper}-1", "revision": 0}
        of |= {name: fields.pop(name) for name in tuple(fields) if name in of}
        told = entry(
            **of,
            feed=paper,
            source=paper,
            url=f"https://{paper}.madeup/1",
            fetched_at=NOON + hour * HOUR,
        )
        quote = fields.pop("quote", str(of["title"]).split(" ", 1)[0])
        text = told.title if quote in told.title else told.summary
        start = text.index(quote)
        span = Span(
            field="title" if quote in told.title else "summary",
            start=start,
            end=start + len(quote),
            quote=quote,
        )
        known = {"actors": ("states/japan", "bodies/unesco"), "act": "THREATEN"}
        return match(entry=told, spans=(span,), **(known | fields))

    def revise(self, hour: float, paper: str, **fields: Any) -> list[Change]:
        """Tell that an entry is no longer what it was."""
        revision = Revision(
            feed=paper,
            entry_id=f"{paper}-1",
            seen_at=NOON + hour * HOUR,
            **({"revision": 1} | fields),
        )
        return pipeline.assess([], self.plan, self.state, [revision])


def kinds(told: list[Change]) -> list[str]:
    return [change.kind for change in told]


def retold(paper: str) -> dict[str, str]:
    """Return a text in which another paper tells the same news in its own words."""
    return {
        "title": f"UNESCO dues may be withheld, {paper} learns",
        "summary": OTHER_WORDS[paper],
    }


def confirmed_desk() -> Desk:
    """Return a desk that folds other stories of a development into its alert."""
    return Desk(rule(realert=Realert(after=24 * HOUR)))


def test_reprints_are_not_told() -> None:
    desk = Desk()
    told = desk.hear(0, "alpha")
    for hour, paper in enumerate("bcdefghijklm", 1):
        told += desk.hear(hour / 10, f"paper-{paper}", title=f"{THREAT} ({hour})")

    assert kinds(told) == ["firing"]
    assert told[0].alert.tier == "single"


def test_an_alert_is_told_again_when_three_independent_papers_tell_it() -> None:
    desk = confirmed_desk()

    first = desk.hear(0, "alpha")
    second = desk.hear(1, "bravo", **retold("bravo"))
    third = desk.hear(2, "charlie", **retold("charlie"))
    fourth = desk.hear(3, "delta", **retold("delta"))

    assert kinds(first) == ["firing"]
    assert second == []
    assert kinds(third) == ["updated"]
    assert third[0].alert.tier == "confirmed"
    assert third[0].reasons == (
        "confirmed by 3 independent publishers (alpha, bravo, charlie)",
    )
    assert fourth == []


def test_a_confirmed_alert_has_the_id_of_the_first_report() -> None:
    desk = confirmed_desk()
    (first,) = desk.hear(0, "alpha")
    desk.hear(1, "bravo", **retold("bravo"))
    (third,) = desk.hear(2, "charlie", **retold("charlie"))

    assert third.alert.id == first.alert.id
    assert (first.alert.number, third.alert.number) == (0, 1)
    assert len(desk.state.notifications) == 2


def test_a_threat_that_is_carried_out_is_told_once() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha")

    told = desk.hear(5, "bravo", direction="action", **retold("bravo"))
    again = desk.hear(6, "charlie", direction="action", **retold("charlie"))

    assert kinds(told) == ["updated"]
    assert told[0].reasons == ('carried out (was "threat")',)
    assert told[0].alert.match.direction == "action"
    assert [change.reasons[0][:9] for change in again] == ["confirmed"]


def test_what_a_slow_feed_says_of_an_earlier_hour_is_no_turn() -> None:
    desk = confirmed_desk()
    desk.hear(5, "alpha", direction="action")

    late = desk.hear(1, "bravo", direction="threat", **retold("bravo"))

    assert late == []


def test_another_state_that_threatens_is_another_alert() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha")

    told = desk.hear(
        1,
        "bravo",
        title="Warsaw may withhold UNESCO dues",
        summary="Its minister of culture named the vote on the old town as the reason.",
        actors=("states/poland", "bodies/unesco"),
    )

    assert kinds(told) == ["firing"]


def test_a_story_joins_the_alert_of_its_own_actor_though_another_was_told_since() -> (
    None
):
    desk = confirmed_desk()
    (japan,) = desk.hear(0, "alpha")
    desk.hear(
        1,
        "bravo",
        title="Warsaw may withhold UNESCO dues",
        summary="Its minister of culture named the vote on the old town as the reason.",
        actors=("states/poland", "bodies/unesco"),
    )

    # Another act, so that it is no rewrite but a story of its own.
    told = desk.hear(2, "charlie", act="AID", **retold("charlie"))

    assert told == []
    assert desk.state.sightings[-1].is_first
    assert desk.state.alerts[japan.alert.id].families == 2


def test_a_story_of_two_that_meet_joins_whoever_comes_first() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha", actors=("states/china", "states/japan"))

    told = desk.hear(
        1, "bravo", actors=("states/japan", "states/china"), **retold("bravo")
    )

    assert told == []


def test_whom_a_report_of_two_names_first_is_no_news() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha", actors=("states/china", "states/japan"))

    told = desk.hear(1, "alpha", revision=1, actors=("states/japan", "states/china"))
    told += desk.hear(2, "bravo", actors=("states/japan", "states/china"))

    assert told == []


def test_after_its_time_a_rule_opens_a_new_alert() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha")

    told = desk.hear(30, "bravo", **retold("bravo"))

    assert kinds(told) == ["firing"]


def test_only_the_news_that_a_rule_asks_for_is_told() -> None:
    quiet = rule(realert=Realert(after=24 * HOUR, unless_new=("act",)))
    desk = Desk(quiet)
    desk.hear(0, "alpha")
    told = desk.hear(1, "bravo", **retold("bravo"))
    told += desk.hear(2, "charlie", **retold("charlie"))

    assert told == []


def test_an_edit_of_the_evidence_amends_the_alert() -> None:
    desk = Desk()
    (first,) = desk.hear(0, "alpha", quote="may withhold")

    (edit,) = desk.hear(
        1,
        "alpha",
        title="Tokyo reviews UNESCO dues over the Nanjing papers",
        revision=1,
        quote="reviews",
    )

    assert edit.kind == "amended"
    assert edit.alert.id == first.alert.id
    assert edit.reasons == ("alpha edited its report",)
    assert [(d.what, d.before, d.after) for d in edit.differences] == [
        ("title", THREAT, "Tokyo reviews UNESCO dues over the Nanjing papers")
    ]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"title": THREAT + "."}, id="a full stop"),
        pytest.param({"title": THREAT.upper()}, id="capitals"),
        pytest.param({"summary": LEAD + " More follows."}, id="text added below"),
    ],
)
def test_an_edit_that_changes_nothing_told_is_silent(fields: dict[str, str]) -> None:
    desk = Desk()
    desk.hear(0, "alpha", quote="UNESCO")

    quote = "UNESCO"
    assert desk.hear(1, "alpha", revision=1, quote=quote, **fields) == []


def test_an_edit_of_a_mere_reprint_is_silent() -> None:
    desk = Desk()
    desk.hear(0, "alpha")
    desk.hear(1, "bravo")

    told = desk.hear(2, "bravo", title="Tokyo to stop UNESCO dues?", revision=1)

    assert told == []


def test_an_edit_that_is_no_longer_about_the_topic_withdraws_the_alert() -> None:
    desk = Desk()
    (first,) = desk.hear(0, "alpha")

    (gone,) = desk.revise(1, "alpha")

    assert (gone.kind, gone.alert.status) == ("withdrawn", "withdrawn")
    assert gone.alert.id == first.alert.id
    assert gone.reasons == ("alpha edited it away",)


def test_while_others_stand_behind_it_an_alert_is_amended() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha")
    desk.hear(1, "bravo", **retold("bravo"))

    (told,) = desk.revise(2, "alpha")

    assert (told.kind, told.alert.status) == ("amended", "firing")
    assert told.alert.match.entry.feed == "bravo"
    assert told.reasons[1] == "still told by 1 independent publisher (bravo)"


def test_a_revision_is_handled_once() -> None:
    desk = Desk()
    desk.hear(0, "alpha")

    assert len(desk.revise(1, "alpha")) == 1
    assert desk.revise(1, "alpha") == []


def test_a_wording_that_was_edited_away_before_it_was_assessed_opens_nothing() -> None:
    """Partitions move at their own pace: the edit may be assessed first."""
    desk = Desk()

    assert desk.revise(1, "alpha") == []
    assert desk.hear(0, "alpha") == []


def test_an_entry_that_its_feed_took_away_is_suspected_not_withdrawn() -> None:
    desk = Desk()
    desk.hear(0, "alpha")

    (told,) = desk.revise(2, "alpha", revision=0, kind="gone")

    assert (told.kind, told.alert.status) == ("amended", "firing")
    assert "perhaps withdrawn" in told.reasons[0]


def test_a_retraction_by_the_publisher_withdraws_the_alert() -> None:
    desk = Desk()
    desk.hear(0, "alpha")

    told = desk.hear(2, "alpha", id="alpha-2", title=f"RETRACTED: {THREAT}")

    assert kinds(told) == ["withdrawn"]
    assert told[0].reasons == ("alpha took it back",)


def test_a_retraction_that_another_paper_prints_confirms_nothing() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha")

    told = desk.hear(2, "bravo", title=f"RETRACTED: {THREAT}")

    assert told == []
    (alert,) = desk.state.alerts.values()
    assert alert.families == 1


def test_a_correction_under_an_id_of_its_own_amends_its_publisher_s_alert() -> None:
    desk = Desk()
    desk.hear(0, "alpha")

    (told,) = desk.hear(
        1,
        "alpha",
        id="alpha-2",
        title="CORRECTED: Tokyo reviews UNESCO dues over the Nanjing papers",
        quote="reviews",
    )

    assert told.kind == "amended"
    assert told.reasons == ("alpha corrected its report",)


def test_a_late_reprint_of_what_was_taken_back_is_not_told() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha")
    desk.revise(1, "alpha")

    assert desk.hear(2, "bravo") == []


def test_who_tells_it_on_its_own_after_it_was_taken_back_is_heard() -> None:
    desk = confirmed_desk()
    desk.hear(0, "alpha")
    desk.revise(1, "alpha")

    assert kinds(desk.hear(2, "bravo", **retold("bravo"))) == ["firing"]


def test_an_agency_s_edit_amends_the_alert_that_a_reprint_opened() -> None:
    desk = Desk()
    cut = "(Lantern Wire) - " + LEAD
    desk.hear(0, "alpha", summary=cut, quote="may withhold")
    desk.hear(1, "lantern wire", summary=cut, quote="may withhold")

    told = desk.hear(
        2,
        "lantern wire",
        title="Tokyo reviews UNESCO dues over the Nanjing papers",
        summary=cut,
        revision=1,
        quote="reviews",
    )

    assert kinds(told) == ["amended"]
    assert told[0].reasons == ("lantern wire edited its report",)


def test_two_alerts_are_one_when_their_stories_prove_to_be_one() -> None:
    desk = Desk()
    first, second = " ".join([LEAD, THREAT]), OTHER_WORDS["bravo"]
    (older,) = desk.hear(0, "alpha", summary=first, quote="Tokyo")
    (younger,) = desk.hear(
        1, "bravo", title="Dues in doubt", summary=second * 2, quote="Dues"
    )

    both = f"{first} {second * 2}"
    told = desk.hear(
        2, "charlie", title="Dues: what we know", summary=both, quote="Dues"
    )
    later = desk.hear(
        3, "delta", title="Dues in doubt", summary=second * 2, quote="Dues"
    )

    assert [(c.kind, c.alert.id) for c in told] == [("resolved", younger.alert.id)]
    assert told[0].reasons == (f"the same story as alert {older.alert.id}",)
    assert later == []


def test_replayed_records_change_nothing() -> None:
    desk = confirmed_desk()
    line = [
        desk.match(0, "alpha"),
        desk.match(1, "bravo", **retold("bravo")),
        desk.match(2, "charlie", direction="action", **retold("charlie")),
        desk.match(3, "alpha", revision=1, title="Tokyo reviews its UNESCO dues"),
    ]
    first = pipeline.assess(line, desk.plan, desk.state)

    assert first
    assert pipeline.assess(line, desk.plan, desk.state) == []
