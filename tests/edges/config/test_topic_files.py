"""Topic files: what their lines may say, and how each mistake in them is told."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config import examine, load, load_whole
from monitor.config.topic_files import MAX_TOLD
from monitor.topics.spec import ClauseSpec, TopicSpec
from tests.conftest import ROOT
from tests.edges.config.topic_lines import CONFIG, matched, mistakes, write

if TYPE_CHECKING:
    pass


def test_a_line_is_a_name_and_a_query(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"name": "strike", "query": "acme NEAR/5 strike"},
        "",
        {"name": "blaze", "description": "Fires", "query": "$harbour AND blaze"},
    )
    settings = load(path, environ={})

    assert [topic.name for topic in settings.topics] == ["own", "strike", "blaze"]
    assert settings.topics[2] == TopicSpec(
        name="blaze",
        description="Fires",
        clauses=(ClauseSpec(query="$harbour AND blaze"),),
    )
    assert settings.warnings == ()
    assert matched(settings, "Acme faces a strike") == ["strike"]
    assert matched(settings, "Blaze at the port, fire spreads") == ["blaze", "own"]


def test_a_line_may_have_all_keys_of_a_topic(tmp_path: Path) -> None:
    topic = {
        "description": "Fires in harbours",
        "threshold": 0.4,
        "clauses": [{"all": ["harbour", '"fire"'], "near": 5, "weight": 0.5}],
        "exclude": [{"any": ['"drill"'], "weight": 0.9}],
        "title_boost": 1.5,
        "direction": [{"threat": ['"may"']}, {"action": []}],
        "examples": {"match": ["harbour fire"], "no_match": ["harbour"]},
    }
    (tmp_path / "inline.yaml").write_text(
        json.dumps(
            {
                "concepts": {"harbour": {"en": ["harbour", "port"]}},
                "topics": {"x": topic},
            }
        )
    )
    path = write(tmp_path, {"name": "x"} | topic)
    listed = load(path, environ={}).topics[1]
    inline = load(tmp_path / "inline.yaml", environ={}).topics[0]

    assert listed == inline


def test_the_example_in_the_docs_loads(tmp_path: Path) -> None:
    page = (ROOT / "docs/topics.md").read_text(encoding="utf-8")
    section = page[page.index("## Many topics") :]
    shown = dict(re.findall(r"```(yaml|json)\n(.*?)```", section, re.DOTALL))
    (tmp_path / "clients.jsonl").write_text(shown["json"])
    (tmp_path / "alerts.yaml").write_text(shown["yaml"])
    loaded = load(tmp_path / "alerts.yaml", environ={})

    assert len(loaded.topics) == 3
    assert loaded.warnings == ()
    assert matched(loaded, "Layoffs at Acme Metals") == ["client-0001"]
    assert matched(loaded, "Tokyo issues a warning") == ["client-0003"]


def test_settings_of_a_query_stand_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path, {"name": "x", "query": "acme", "threshold": 0.7})
    topic = load(path, environ={}).topics[1]

    assert topic.threshold == 0.7
    assert topic.clauses == (ClauseSpec(query="acme"),)


def test_a_query_may_hold_the_words_of_keys(tmp_path: Path) -> None:
    path = write(tmp_path, {"name": "name", "query": '"name" AND "query"'})

    assert load(path, environ={}).topics[1].clauses[0].query == '"name" AND "query"'


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path)
    line = '{"name": "x", "query": "acme"}\r\n\r\n'
    (tmp_path / "topics.jsonl").write_bytes(b"\xef\xbb\xbf" + line.encode())

    assert [topic.name for topic in load(path, environ={}).topics] == ["own", "x"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param(
            '{"name": "x", "query": "acme AND"}',
            'T:1:30: topic "x": nothing follows "AND"',
            id="a query with a mistake",
        ),
        pytest.param(
            '{"name": "x", "query": "\\"say so\\" AND $harbor"}',
            'T:1:40: topic "x": no concept named "harbor"; did you mean "harbour"?',
            id="a mistake behind quotes that are escaped",
        ),
        pytest.param(
            '{"name": "x", "qery": "acme", "clauses": [{"query": "a"}]}',
            'T:1:15: topic "x": unknown key "qery"; did you mean "query"?',
            id="an unknown key",
        ),
        pytest.param(
            '{"name": "x", "clauses": [{"all": ["harbour"], "neer": 5}]}',
            'T:1:48: topic "x": unknown key "neer"; did you mean "near"?',
            id="an unknown key of a clause",
        ),
        pytest.param(
            '{"name": "x", "query": "acme", "threshold": 3}',
            'T:1:45: topic "x": "threshold" must be at most 1',
            id="a number out of range",
        ),
        pytest.param(
            '{"name": "x"}',
            'T:1:1: topic "x": "query" is missing; add "query", or "clauses"',
            id="nothing to find",
        ),
        pytest.param(
            '{"name": "x", "query": "acme", "clauses": [{"query": "b"}]}',
            'T:1:24: topic "x": "query" stands beside "clauses"; keep one',
            id="a query beside clauses",
        ),
        pytest.param(
            '{"query": "acme"}', 'T:1:1: "name" is missing; add "name"', id="no name"
        ),
        pytest.param(
            '{"name": "my x", "query": "acme"}',
            (
                'T:1:10: topic "my x": "name" is no name; use letters, digits, dots, '
                "hyphens and underscores, a letter or digit first"
            ),
            id="no good name",
        ),
        pytest.param(
            '{"name": "own", "query": "acme"}',
            (
                'T:1:10: topic "own": the name is also in the configuration itself; '
                "rename one"
            ),
            id="a name of the configuration",
        ),
        pytest.param(
            '{"name": "x", "query": "acme"} {}',
            (
                "T:1:32: the line is no JSON (extra data); "
                'write {"name": "...", "query": "..."}'
            ),
            id="two values on a line",
        ),
        pytest.param(
            '{"name": "x", "query": "acme"',
            (
                'T:1:30: the line is no JSON (expecting "," delimiter); '
                'write {"name": "...", "query": "..."}'
            ),
            id="half a line",
        ),
        pytest.param(
            '{"name": "x", "query": "acme", "query": "bolt"}',
            'T:1:15: topic "x": "query" is given twice; keep one',
            id="a key twice",
        ),
        pytest.param(
            '{"name": "x", "clauses": [{"query": "a", "weight": 1, "weight": 0.5}]}',
            'T:1:1: topic "x": "weight" is given twice; keep one',
            id="a key of a clause twice",
        ),
        pytest.param(
            '["x", "acme"]',
            (
                "T:1:1: the line must hold an object; "
                'write {"name": "...", "query": "..."}'
            ),
            id="no object",
        ),
        pytest.param(
            '{"name": "x", "query": "acme", "direction": [{"up": [], "down": []}]}',
            (
                'T:1:46: topic "x": a direction has one label, not 2; '
                'write "- label: [concepts]" lines'
            ),
            id="two directions in one",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_remedy(
    tmp_path: Path, line: str, told: str
) -> None:
    found = mistakes(write(tmp_path, line))

    assert found == [told]


def test_a_wrong_line_hides_no_other_mistake(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "nonsense",
        {"name": "x", "query": "acme"},
        {"name": "x", "query": "bolt"},
        {"name": "y", "query": "acme OR"},
        {"name": "z", "query": "acme", "treshold": 1},
        config=CONFIG.replace('["*"]', "[y, z, nobody]"),
    )
    found = mistakes(path)

    assert [line.split(" ")[0] for line in found] == [
        "C:6:28:",
        "T:1:1:",
        "T:3:10:",
        "T:4:30:",
        "T:5:32:",
    ]
    assert found[2] == 'T:3:10: topic "x": the name is also on line 2; rename one'


def test_very_many_mistakes_are_counted(tmp_path: Path) -> None:
    rows = [{"name": f"t{n}", "query": "acme OR"} for n in range(MAX_TOLD + 123)]
    found = mistakes(write(tmp_path, *rows))

    assert len(found) == MAX_TOLD + 1
    assert found[-1] == "T: and 123 more; correct these first"


def test_a_name_may_stand_in_one_file_only(tmp_path: Path) -> None:
    (tmp_path / "first.jsonl").write_text('{"name": "x", "query": "acme"}\n')
    path = write(
        tmp_path,
        {"name": "x", "query": "bolt"},
        config=CONFIG.replace("[topics.jsonl]", "[first.jsonl, topics.jsonl]"),
    )
    found = mistakes(path)

    first = tmp_path / "first.jsonl"
    assert found == [f'T:1:10: topic "x": the name is also in "{first}"; rename one']


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("nope.jsonl", 'C:4:15: there is no file "{}/nope.jsonl"; correct its name'),
        (".", 'C:4:15: topic file "{}" is a directory; name a file'),
    ],
    ids=["no such file", "a directory"],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, written: str, told: str) -> None:
    path = write(tmp_path, config=CONFIG.replace("topics.jsonl", written))

    assert mistakes(path) == [told.format(tmp_path)]


def test_a_changed_topic_file_changes_the_digest(tmp_path: Path) -> None:
    before = load(write(tmp_path, {"name": "x", "query": "acme"}), environ={})
    after = load(write(tmp_path, {"name": "x", "query": "bolt"}), environ={})

    assert before.digest != after.digest


def test_examples_in_a_file_are_tried(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"name": "x", "query": "acme"},
        {"name": "y", "query": "acme", "examples": {"match": ["acme", "bolt"]}},
        config=CONFIG.replace("topics: {own", "x-topics: {own"),
    )
    found = [
        (Path(each.file).name, each.line, each.column, each.message)
        for each in examine(load_whole(path, environ={}))
        if each.severity == "finding"
    ]

    assert found == [
        ("topics.jsonl", 2, 63, 'topic "y": example does not match: "bolt"')
    ]


def test_topics_that_no_rule_hears_are_one_warning(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        *({"name": f"t{n}", "query": f"acme{n}"} for n in range(20)),
        config=CONFIG.replace('["*"]', '[own, "t1*"]'),
    )
    warnings = load(path, environ={}).warnings

    assert len(warnings) == 1
    assert 'topics.jsonl:1:1: topic "t0": no rule' in warnings[0]
    assert "(9 of 20 topics here)" in warnings[0]


def test_a_pattern_that_no_topic_fits_is_a_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, config=CONFIG.replace('["*"]', '[own, "client-*"]'))

    assert mistakes(path) == [
        'C:6:27: rule "r": no topic fits "client-*"; correct it, or add such a topic'
    ]


def test_a_rule_knows_the_directions_of_the_topics_it_fits(tmp_path: Path) -> None:
    rows = [
        {"name": "a1", "query": "acme", "direction": [{"up": ['"rise"']}]},
        {"name": "a2", "query": "acme", "direction": [{"down": ['"fall"']}]},
        {"name": "b1", "query": "acme", "direction": [{"side": ['"turn"']}]},
    ]
    good = CONFIG.replace('{topics: ["*"]}', '{topics: ["a*"], directions: [up, down]}')
    bad = CONFIG.replace('{topics: ["*"]}', '{topics: ["a*"], directions: [side]}')

    assert load(write(tmp_path, *rows, config=good), environ={}).plan.rules
    assert mistakes(write(tmp_path, *rows, config=bad)) == [
        'C:6:42: rule "r": its topics have no direction "side"; known are: "down", "up"'
    ]


WORDS = ("acme", "bolt", "crane")
PLACES = ("port", "docks", "piers", "pier")
queries = st.builds(
    "{} {} {}".format,
    st.sampled_from(("acme", "$harbour")),
    st.sampled_from(("AND", "OR", "NEAR/2")),
    st.sampled_from(("bolt", "crane")),
)
files = st.dictionaries(st.sampled_from("abcdefgh"), queries, max_size=8)
concepts = st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True)
steps = st.lists(st.tuples(files, concepts, st.booleans()), min_size=2, max_size=4)


@settings(max_examples=30, deadline=None)
@given(
    steps, st.lists(st.lists(st.sampled_from(WORDS + PLACES), min_size=3), max_size=5)
)
def test_a_reload_finds_what_a_fresh_start_finds(
    states: list[tuple[dict[str, str], list[str], bool]], texts: list[list[str]]
) -> None:
    running = None
    with tempfile.TemporaryDirectory() as folder:
        for topics, terms, stemming in states:
            path = write(
                Path(folder),
                *({"name": name, "query": query} for name, query in topics.items()),
                config=CONFIG.replace("[harbour, port]", str(terms))
                + f"text: {{stemming: {str(stemming).lower()}}}\n",
            )
            running = load(path, environ={}, running=running)
            fresh = load(path, environ={})

            assert running.topics == fresh.topics
            for words in texts:
                text = " ".join(words)
                assert matched(running, text) == matched(fresh, text)


def test_a_reload_takes_unchanged_topics_over(tmp_path: Path) -> None:
    rows = [{"name": f"t{n}", "query": f"acme{n} AND strike"} for n in range(10)]
    before = load(write(tmp_path, *rows), environ={})
    rows[3]["query"] = "bolt"
    after = load(write(tmp_path, *rows), environ={}, running=before)
    same = [
        old is new for old, new in zip(before.topics[1:], after.topics[1:], strict=True)
    ]

    assert same == [number != 3 for number in range(10)]
    assert after.index.shelf is before.index.shelf
    assert after.index.shelf.slots == len(before.topics) + 1


def test_a_reload_with_mistakes_leaves_the_running_index_alone(tmp_path: Path) -> None:
    row = {"name": "x", "query": "acme"}
    running = load(write(tmp_path, row), environ={})
    bad = write(
        tmp_path, {"name": "x", "query": "bolt"}, {"name": "y", "query": "a OR"}
    )

    assert len(mistakes(bad, running)) == 1
    assert matched(running, "acme bolt") == ["x"]
    mended = load(
        write(tmp_path, {"name": "x", "query": "bolt"}), environ={}, running=running
    )
    assert matched(mended, "acme") == []
    assert matched(mended, "bolt") == ["x"]
