"""Tell the language of an entry: as its feed says, else by its script, else by a model.

Owns no list of languages: the feed's word is taken as it is, and the model tells apart
the 97 that it was made for. What depends on a language is for others.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

    from monitor.model import Entry

_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")

SURE = 0.5
"""The probability from which the model is believed. Of 278 English items of our own, as
short as news is, it then names 253, no other language for any, and leaves 25 open."""

# More does not make it surer, and costs time.
_ENOUGH = 1000


def language_of(entry: Entry) -> str:
    """Return a BCP 47 tag, or "" when nothing tells.

    Kana tell Japanese, Hangul Korean, and ideographs without either Chinese.
    """
    if entry.lang:
        return entry.lang
    text = f"{entry.title}\n{entry.summary}"
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _IDEOGRAPH.search(text) else _guess(text[:_ENOUGH])


# Of several topics that ask, each asks of the same entry.
@lru_cache(maxsize=64)
def _guess(text: str) -> str:
    if not any(map(str.isalpha, text)):
        return ""
    name, probability = _model().classify(text)
    return str(name) if probability >= SURE else ""


@cache
def _model() -> LanguageIdentifier:
    # Loading takes half a second and 60 MB, which only those pay whose topics ask.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
