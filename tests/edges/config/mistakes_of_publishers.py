"""Mistakes in the table of publishers, as in `mistakes`."""

from __future__ import annotations

PUBLISHERS = [
    (
        "a domain of two publishers",
        (
            "publishers:\n  a: {domains: [example.org]}\n"
            "  b: {domains: [example.com, Example.ORG.]}\n"
        ),
        (
            'F:3:30: publisher "b": "example.org" belongs to publisher "a" already; '
            "keep one"
        ),
    ),
    (
        "a name of two publishers",
        "publishers:\n  a: {names: [The Example]}\n  b: {names: [EXAMPLE]}\n",
        'F:3:15: publisher "b": "EXAMPLE" belongs to publisher "a" already; keep one',
    ),
    (
        "a public suffix as a publisher's domain",
        "publishers: {a: {domains: [co.jp]}}",
        (
            'F:1:28: publisher "a": "co.jp" is no publisher\'s: anybody may register '
            "below it; name a domain below it"
        ),
    ),
    (
        "an address as a publisher's domain",
        "publishers: {a: {domains: ['https://example.org/']}}",
        (
            'F:1:28: publisher "a": item 1 of "domains" is no host name; '
            'write "example.org", without https:// or path'
        ),
    ),
    (
        "a publisher's domain with a star",
        "publishers: {a: {domains: ['*.example.org']}}",
        (
            'F:1:28: publisher "a": item 1 of "domains" needs no star; '
            "hosts below a domain count as the domain"
        ),
    ),
    (
        "a publisher's domain with a blank",
        "publishers: {a: {domains: ['exam ple.org']}}",
        (
            'F:1:28: publisher "a": item 1 of "domains" is no host name; '
            'write "example.org"'
        ),
    ),
    (
        "a country that is none",
        "publishers: {a: {names: [A Post], country: japan}}",
        (
            'F:1:44: publisher "a": "country" is no country code; '
            'write two letters of ISO 3166-1, such as "jp"'
        ),
    ),
    (
        "a country by another code",
        "publishers: {a: {names: [A Post], country: UK}}",
        'F:1:44: publisher "a": "country" is no country code; write "gb"',
    ),
    (
        "a publisher of no name and no domain",
        "publishers:\n  a: {family: nikkei}\n",
        (
            'F:2:6: publisher "a": neither "domains" nor "names", so nothing is known '
            "by it; add one of them"
        ),
    ),
    (
        "a publisher's name without letters",
        "publishers: {a: {names: ['--']}}",
        'F:1:26: publisher "a": "--" holds no letter; write its name',
    ),
    (
        "an agency that is an aggregator",
        "publishers: {a: {names: [A], agency: true, aggregator: true}}",
        (
            'F:1:56: publisher "a": an agency has texts of its own, an aggregator has '
            "none; keep one"
        ),
    ),
]
