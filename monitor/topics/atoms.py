"""Number the concepts and terms that topics use, once each."""

from __future__ import annotations

from array import array
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from monitor.text import is_cjk
from monitor.topics.printer import print_term
from monitor.topics.terms import Term

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.topics.concepts import Concept
    from monitor.topics.lexicon import Lexicon

# One CJK character tells about as much as three letters.
_CJK_LETTERS = 3
_LONGEST_COUNTED = 24
# How many uses by topics outweigh what the length of a word tells.
_PRIOR_USES = 1000.0

_Key: TypeAlias = "Term | tuple[Term, ...] | tuple[str, Concept]"


class Atoms:
    """Give each concept and each term of its own a number, and count their use.

    A number stands for good; a concept that changes gets a new one. They begin at 1, so
    that any is true.
    """

    def __init__(self) -> None:
        self._concepts: Mapping[str, Concept] = {}
        self._of_concept: dict[str, int] = {}
        self._numbers: dict[_Key, int] = {}
        self._terms: list[Term | Sequence[Term]] = [()]
        self._priors = array("d", [0.0])
        self._used = array("L", [0])
        self._excepted: dict[int, int] = {}
        self._filled = 0
        self.names: list[str] = [""]

    def label(self, number: int) -> str:
        """Return how an atom is written in a query."""
        name = self.names[number]
        return f"${name}" if name else print_term(self._terms_of(number)[0])

    def use(self, concepts: Mapping[str, Concept]) -> None:
        """Take these concepts for the names from now on."""
        self._concepts = concepts
        self._of_concept = {}

    def of_concept(self, name: str) -> int:
        """Return the number of a concept that exists."""
        number = self._of_concept.get(name)
        if number is not None:
            self._used[number] += 1
            return number
        concept = self._concepts[name]
        number = self._number((name, concept), name, concept.terms)
        if concept.excepted and number not in self._excepted:
            self._excepted[number] = self._number(
                concept.excepted, "", concept.excepted
            )
        self._of_concept[name] = number
        return number

    def of_term(self, term: Term) -> int:
        """Return the number of a term that stands alone."""
        return self._number(term, "", (term,))

    def costs(self) -> list[float]:
        """Return for each atom how common it is expected to be, in any unit.

        Long words are rare, and words that many topics use are common: the first is
        all there is to go by with few topics, the second tells more with many. They
        are added, as a Dirichlet prior is to counts (Zhai and Lafferty, A study of
        smoothing methods, 2001).
        """
        return [
            prior + used for prior, used in zip(self._priors, self._used, strict=True)
        ]

    def fill(self, lexicon: Lexicon) -> None:
        """Have the lexicon look for every term of every atom that is new."""
        # The very objects that topics hold: comparing them is quick, and one lies where
        # the other does.
        new = list(islice(self._numbers.values(), self._filled, None))
        for number in new:
            for term in dict.fromkeys(self._terms_of(number)):
                lexicon.add(term, number)
        for number in new:
            if number in self._excepted:
                lexicon.except_inside(self._excepted[number], number)
        self._filled = len(self._numbers)

    def _terms_of(self, number: int) -> Sequence[Term]:
        terms = self._terms[number]
        return (terms,) if isinstance(terms, Term) else terms

    def _number(self, key: _Key, name: str, terms: Sequence[Term]) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._terms)
            # Most atoms are a term, which is its own key.
            self._terms.append(key if isinstance(key, Term) else terms)
            self._priors.append(_PRIOR_USES * sum(map(_commonness, terms)))
            self._used.append(0)
            self.names.append(name)
            self._used[number] += 1
        return number


def _commonness(term: Term) -> float:
    size = sum(_CJK_LETTERS if is_cjk(word) else len(word) for word in term.words)
    return 2.0 ** -min(size, _LONGEST_COUNTED)
