"""What every receiver says of a change of an alert."""

from __future__ import annotations

import json

import pytest

from monitor.alerting.render import render
from monitor.model import ChangeKind, Difference
from tests.factories import change, receiver, voice

EDIT = Difference(what="title", before="may stop dues", after="reviews dues")


def said(to: str, **fields: object) -> str:
    return render(change(**fields), receiver(kind=to), "")[1].decode()


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("firing", "WARNING"),
        ("updated", "UPDATE"),
        ("amended", "AMENDED"),
        ("withdrawn", "WITHDRAWN"),
        ("resolved", "RESOLVED"),
    ],
)
def test_a_message_opens_with_what_happened(kind: ChangeKind, word: str) -> None:
    console = said("console", kind=kind).split("\n")[0]
    slack = json.loads(said("slack", kind=kind))["blocks"][0]["text"]["text"]

    assert console.split(" ")[2] == word
    assert slack.startswith(f"{word}: ")


@pytest.mark.parametrize("kind", ["console", "slack", "webhook"])
def test_reasons_and_what_an_edit_changed_are_told(kind: str) -> None:
    text = said(kind, kind="amended", reasons=("Wire A edited",), differences=(EDIT,))

    assert "Wire A edited" in text
    assert "title: was “may stop dues”, now “reviews dues”" in text


@pytest.mark.parametrize("kind", ["console", "slack"])
def test_how_sure_it_is_names_the_publishers(kind: str) -> None:
    voices = (voice("harbour"), voice("valley", at=1))

    text = said(kind, voices=voices, families=2)

    assert "single: 2 independent publishers (Harbour, Valley)" in text


def test_a_webhook_ends_what_is_withdrawn() -> None:
    body = json.loads(said("webhook", kind="withdrawn", status="withdrawn"))

    assert (body["status"], body["wirewatch"]["change"]) == ("resolved", "withdrawn")
    assert body["alerts"][0]["endsAt"] == "2015-10-13T12:00:00Z"


@pytest.mark.parametrize("kind", ["console", "slack"])
def test_why_a_rule_holds_is_told_once(kind: str) -> None:
    assert said(kind, reason="signalled: first threat").count("first threat") == 1
