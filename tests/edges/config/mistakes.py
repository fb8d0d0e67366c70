"""One mistake each: how it is called, what was written, and the line it must give."""

from __future__ import annotations

from tests.edges.config.mistakes_of_publishers import PUBLISHERS

TOPIC = "topics: {t: {clauses: [{query: hotline}], direction: [{progress: []}]}}\n"
"""A line with one topic, for mistakes on the lines after it."""

MISTAKES = [
    (
        "an unknown section",
        "topcs: {}",
        'F:1:1: unknown key "topcs"; did you mean "topics"?',
    ),
    (
        "an unknown key of a feed",
        "feeds:\n  a:\n    url: https://example.org/\n    intervall: 5m\n",
        'F:4:5: feed "a": unknown key "intervall"; did you mean "interval"?',
    ),
    (
        "an unknown key that is like no other",
        "web: {zzz: 1}",
        'F:1:7: unknown key "zzz"; known are: "listen"',
    ),
    (
        "a feed without an address",
        "feeds:\n  a: {interval: 5m}\n",
        'F:2:3: feed "a": "url" is missing; add "url"',
    ),
    (
        "a feed without anything",
        "feeds:\n  a:\n",
        'F:2:3: feed "a": "a" has no value; give one, or remove the line',
    ),
    (
        "a feed of another scheme",
        "feeds:\n  a: ftp://example.org/\n",
        (
            'F:2:6: feed "a": "url" must begin with http:// or https://; '
            'write "https://HOST/PATH"'
        ),
    ),
    (
        "a feed whose name has a blank",
        "feeds:\n  my feed: https://example.org/\n",
        (
            'F:2:3: feed "my feed": "my feed" is no name; use letters, digits, dots, '
            "hyphens and underscores, a letter or digit first"
        ),
    ),
    (
        "a password in a feed's address",
        "feeds:\n  a: https://me:hunter2@example.org/\n",
        (
            'F:2:6: feed "a": the address holds a user name or password; '
            "remove it, and give the feed auth: instead"
        ),
    ),
    (
        "a duration without a unit",
        "defaults: {interval: 300}",
        'F:1:22: "interval" needs a unit; write "300s" for seconds',
    ),
    (
        "a duration in words",
        "defaults: {timeout: half an hour}",
        (
            'F:1:21: "timeout" is no duration; '
            'write numbers with ms, s, m, h, d or w, as in "1h30m"'
        ),
    ),
    (
        "a duration of nothing",
        "defaults: {interval: 0s}",
        'F:1:22: "interval" is too short; give at least 100ms',
    ),
    (
        "a longest interval that is shorter than the interval",
        "defaults: {max_interval: 1m}",
        (
            'F:1:26: "max_interval" is shorter than the interval; '
            "give at least as much, or leave it out"
        ),
    ),
    (
        "a longest interval of a feed that is shorter than the usual interval",
        "feeds: {a: {url: https://example.org/, max_interval: 1m}}",
        (
            'F:1:54: feed "a": "max_interval" is shorter than the interval; '
            "give at least as much, or leave it out"
        ),
    ),
    (
        "no polls at all of one host",
        "outbound: {host_at_once: 0}",
        'F:1:26: "host_at_once" must be at least 1',
    ),
    (
        "a duration beyond reason",
        "retention: {state: {age: 99999999999999999w}}",
        'F:1:26: "age" is longer than ten years; give a shorter time',
    ),
    (
        "a size without a unit",
        "retention: {log: {size: 1000}}",
        'F:1:25: "size" needs a unit; write "1000B" for bytes, or KiB, MiB, GiB',
    ),
    (
        "a size in decimal units",
        "retention: {log: {size: 10MB}}",
        'F:1:25: "size" is no size; write a whole number with KiB, MiB or GiB',
    ),
    (
        "a listening address without a port",
        "web: {listen: 127.0.0.1}",
        'F:1:15: "listen" is no HOST:PORT; write "127.0.0.1:8480" or "[::1]:8480"',
    ),
    (
        "a port that does not exist",
        "web: {listen: '127.0.0.1:99999'}",
        'F:1:15: "listen" port 99999 does not exist; ports go from 0 to 65535',
    ),
    (
        "an address range with host bits",
        "outbound: {allow: [10.1.2.3/8]}",
        'F:1:20: item 1 of "allow" has bits beyond its prefix; write "10.0.0.0/8"',
    ),
    (
        "a log of an unknown kind",
        "log: redis://host",
        'F:1:6: "log" must begin with sqlite:/// or kafka://; write kafka://HOST:9092',
    ),
    (
        "a Kafka address with a bad port",
        "log: kafka://a:x",
        'F:1:6: "log" is no list of HOST:PORT; write kafka://HOST:9092,HOST:9092',
    ),
    (
        "a database in memory",
        'state: "sqlite:///:memory:"',
        'F:1:8: "state" would be lost with the process; write sqlite:///state.db',
    ),
    (
        "a number as a term",
        "concepts: {c: {en: [word, 2015]}}",
        'F:1:27: concept "c": item 2 of "en" must be text; put it in double quotes',
    ),
    (
        "terms that are no list",
        "concepts: {c: {en: word}}",
        (
            'F:1:20: concept "c": "en" must be a list; '
            'write [a, b], or one "- item" a line'
        ),
    ),
    (
        "a language that is none",
        "concepts: {c: {english: [word]}}",
        (
            'F:1:16: concept "c": "english" is no language; '
            'write "en", "zh-Hant" or "except"'
        ),
    ),
    (
        "a cycle of concepts",
        "concepts: {a: {en: [word, $b]}, b: {en: [$a]}}",
        (
            'F:1:27: concept "a" takes itself in: a > b > a; '
            'remove "$b" here, or a later one of these'
        ),
    ),
    (
        "a query that can never match",
        "topics: {t: {clauses: [{query: 'cut AND dues NOT cuts'}]}}",
        (
            'F:1:50: topic "t": this can never match: it asks for "cuts" and forbids '
            "it; take it out, or make it narrower"
        ),
    ),
    (
        "a query that matches whatever a feed brings",
        "topics: {t: {clauses: [{query: 'dues OR lang:en'}]}}",
        (
            'F:1:41: topic "t": OR puts "lang:en" beside words, so it would match every '
            "entry from there; join it to terms with AND, inside brackets"
        ),
    ),
    (
        "a feed in a query that is none",
        (
            "feeds: {bbc: 'https://b.example/'}\n"
            "topics: {t: {clauses: [{query: 'dues AND feed:bcb'}]}}"
        ),
        (
            'F:2:47: topic "t": no feed named "bcb", so this never matches; '
            'did you mean "bbc"?'
        ),
    ),
    (
        "an exclusion with weight and veto",
        (
            "topics: {t: {clauses: [{query: dues}], "
            "exclude: [{query: x, weight: 0.5, veto: true}]}}"
        ),
        (
            'F:1:80: topic "t": a veto forbids the match, so a weight has no use '
            "beside it; keep one of them"
        ),
    ),
    (
        "a topic without clauses",
        "topics:\n  t: {threshold: 0.5}\n",
        'F:2:3: topic "t": "clauses" is missing; add "clauses"',
    ),
    (
        "a threshold out of range",
        "topics:\n  t: {threshold: 1.5, clauses: [{query: a}]}\n",
        'F:2:18: topic "t": "threshold" must be at most 1',
    ),
    (
        "a threshold in words",
        "topics:\n  t: {threshold: high, clauses: [{query: a}]}\n",
        'F:2:18: topic "t": "threshold" must be a number; write digits, such as 0.5',
    ),
    (
        "an unknown concept in a clause",
        (
            "concepts: {money: {en: [money]}}\n"
            "topics:\n  t: {clauses: [{all: [money, mony]}]}\n"
        ),
        'F:3:31: topic "t": no concept named "mony"; did you mean "money"?',
    ),
    (
        "an unknown concept in a query",
        (
            "concepts: {money: {en: [money]}}\n"
            "topics:\n  t:\n    clauses:\n      - query: unesco AND $mony\n"
        ),
        'F:5:27: topic "t": no concept named "mony"; did you mean "money"?',
    ),
    (
        "a query that is not closed",
        "topics:\n  t:\n    clauses:\n      - query: '(unesco OR money'\n",
        'F:4:33: topic "t": a group is opened and not closed; put a ")" at the end',
    ),
    (
        "a direction with two labels",
        "topics:\n  t:\n    clauses: [{query: a}]\n    direction: [{a: [aa*], b: []}]\n",
        (
            'F:4:17: topic "t": a direction has one label, not 2; '
            'write "- label: [concepts]" lines'
        ),
    ),
    (
        "a rule on an unknown topic",
        (
            "topics: {unesco-funding: {clauses: [{query: a}]}}\n"
            "rules:\n  unesco-cuts:\n    topics: [unesco-fundng]\n"
        ),
        (
            'F:4:14: rule "unesco-cuts": no topic named "unesco-fundng"; '
            'did you mean "unesco-funding"?'
        ),
    ),
    (
        "a rule without topics",
        TOPIC + "rules:\n  r: {severity: info}\n",
        'F:3:3: rule "r": "topics" is missing; add topics: [NAME]',
    ),
    (
        "a rule with topic and topics",
        TOPIC + "rules:\n  r: {topic: t, topics: [t]}\n",
        'F:3:14: rule "r": "topic" stands beside "topics"; keep one',
    ),
    (
        "a rule of an unknown type",
        TOPIC + "rules:\n  r: {topic: t, type: frequncy, count: 3, within: 1h}\n",
        (
            'F:3:23: rule "r": "type" must be "any" or "frequency" or "spike" or '
            '"new_publisher" or "corroboration" or "sequence" or "absence" or '
            '"transition", not "frequncy"; did you mean "frequency"?'
        ),
    ),
    (
        "an actor that no list holds",
        "topics:\n  t:\n    clauses: [{query: hotline}]\n    actors: [states/japn]\n",
        (
            'F:4:14: topic "t": no concept named "states/japn"; '
            'did you mean "states/japan"?'
        ),
    ),
    (
        "a phase for a direction that the topic does not have",
        (
            "topics:\n  t:\n    clauses: [{query: hotline}]\n"
            "    direction: [{threat: []}]\n    lifecycle: {thret: signalled}\n"
        ),
        (
            'F:5:24: topic "t": the topic has no direction "thret"; '
            'did you mean "threat"?'
        ),
    ),
    (
        "a phase that there is not",
        (
            "topics:\n  t:\n    clauses: [{query: hotline}]\n"
            "    direction: [{threat: []}]\n    lifecycle: {threat: stale}\n"
        ),
        (
            'F:5:25: topic "t": "threat" must be "signalled" or "acted" or "easing" or '
            '"resolved", not "stale"'
        ),
    ),
    (
        "a direction its topics do not have",
        TOPIC + "rules:\n  r: {topic: t, directions: [progres]}\n",
        (
            'F:3:30: rule "r": its topics have no direction "progres"; '
            'did you mean "progress"?'
        ),
    ),
    (
        "a frequency rule without a time",
        TOPIC + "rules:\n  r: {topic: t, type: frequency, count: 3}\n",
        'F:3:3: rule "r": "within" is missing; add "within: 6h"',
    ),
    (
        "a count on a rule that counts nothing",
        TOPIC + "rules:\n  r: {topic: t, count: 3}\n",
        (
            'F:3:17: rule "r": "count" belongs to rules of type frequency or spike; '
            "add type: frequency, or remove it"
        ),
    ),
    (
        "a severity in capitals",
        TOPIC + "rules:\n  r: {topic: t, severity: HIGH}\n",
        (
            'F:3:27: rule "r": "severity" is no severity; '
            'write a lower-case word like "warning"'
        ),
    ),
    (
        "a label that Wirewatch sets",
        TOPIC + "rules:\n  r: {topic: t, labels: {topic: x}}\n",
        'F:3:26: rule "r": label "topic" is set by Wirewatch; choose another name',
    ),
    (
        "an unknown receiver",
        "route: {receiver: consol}\nreceivers: {console: {type: console}}\n",
        'F:1:19: route: no receiver named "consol"; did you mean "console"?',
    ),
    (
        "an unknown receiver further down",
        "route:\n  receiver: console\n  routes:\n    - receivers: [slack]\n",
        'F:4:19: route: no receiver named "slack"',
    ),
    (
        "a first route without a receiver",
        "route: {routes: []}\n",
        'F:1:1: route: "receiver" is missing; add its name',
    ),
    (
        "conditions on the first route",
        "route: {receiver: console, matchers: ['topic=\"t\"']}\n",
        (
            'F:1:28: route: the first route takes every alert and has no "matchers"; '
            "move it to a route below"
        ),
    ),
    (
        "a matcher that is none",
        "route: {receiver: console, routes: [{matchers: [topic]}]}\n",
        'F:1:49: route: "topic" is no matcher; write topic="NAME" or severity=~"A|B"',
    ),
    (
        "a matcher with a bad pattern",
        "route: {receiver: console, routes: [{matchers: ['a=~\"(\"']}]}\n",
        (
            'F:1:49: route: "(" is no regular expression (missing ), unterminated '
            "subpattern at position 0); correct it"
        ),
    ),
    (
        "a receiver of an unknown type",
        "receivers: {r: {type: slak}}\n",
        'F:1:23: receiver "r": no receiver type named "slak"; did you mean "slack"?',
    ),
    (
        "a receiver without a type",
        "receivers: {r: {url: 'https://example.org/'}}\n",
        (
            'F:1:13: receiver "r": "type" is missing; '
            'add one of: "console", "webhook", "slack"'
        ),
    ),
    (
        "a literal signing key",
        (
            "receivers:\n  r: {type: webhook, url: https://example.org/, "
            "secret: whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz}\n"
        ),
        (
            'F:2:57: receiver "r": a secret may not stand in the file; '
            "write ${NAME} and set that environment variable, or file:/path"
        ),
    ),
    (
        "a literal Slack address",
        "receivers:\n  r: {type: slack, url: https://hooks.slack.com/services/T/B/X}\n",
        (
            'F:2:25: receiver "r": the address is a secret, which may not stand in the '
            "file; write ${NAME} and set that environment variable, or file:/path"
        ),
    ),
    (
        "a literal database password",
        "state: postgresql://wirewatch:hunter2@db/wirewatch",
        (
            'F:1:8: "state" holds a password, which may not stand in the file; '
            "write ${NAME} and set that environment variable, or file:/path"
        ),
    ),
    (
        "a variable that is not set",
        "external_url: ${NOWHERE}",
        (
            'F:1:15: environment variable "NOWHERE" is not set; '
            "set it, or write ${NOWHERE:-default}"
        ),
    ),
    (
        "a reference without a name",
        'external_url: "https://${}/"',
        (
            'F:1:24: "${" begins no variable; write ${NAME}, ${NAME:-default}, '
            "or $${ for the characters themselves"
        ),
    ),
    (
        "a secret file that is not there",
        "receivers: {r: {type: slack, url: file:/nowhere/slack}}",
        (
            'F:1:35: receiver "r": file "/nowhere/slack" does not exist; '
            "check path and permissions"
        ),
    ),
    (
        "a key given twice",
        "web: {}\ntext: {}\nweb: {}\n",
        'F:3:1: "web" is given twice; the first is on line 1; keep one',
    ),
    (
        "too many parsers",
        "workers: {parsers: 1000}",
        'F:1:20: "parsers" must be at most 64',
    ),
    (
        "a prefix with a blank",
        "kafka: {prefix: my prefix}",
        (
            'F:1:17: "prefix" is no prefix; '
            "use up to 60 letters, digits, dots, hyphens and underscores"
        ),
    ),
    (
        "a section that is a list",
        "feeds: [a, b]",
        'F:1:8: "feeds" must be a mapping; write "key: value" lines below it',
    ),
    (
        "a switch that is none",
        "text: {stemming: maybe}",
        'F:1:18: "stemming" must be true or false',
    ),
    *PUBLISHERS,
]
