"""What works, and what does not, where pages are not in English."""

from collections.abc import Iterator, Sequence
from typing import Final

from chatbot.indexing import MULTILINGUAL_MODEL, PACKAGED_MODEL, STEMMED, Encoder
from chatbot.triage import LANGUAGES

__all__ = ["language_notes"]

_ENGLISH: Final = "en"


def language_notes(languages: Sequence[str], encoder: Encoder) -> Iterator[str]:
    """Yield a sentence or two on each language of the pages but English; none for an English site."""
    packaged = encoder.name.startswith(PACKAGED_MODEL)
    for language in languages:
        if language == _ENGLISH:
            continue
        forms = "in all their forms" if language in STEMMED else "only as they are written"
        emergencies = "are recognised" if language in LANGUAGES else "are NOT recognised"
        yield f"Pages in {language!r}: words are found {forms}, and emergencies in this language {emergencies}."
        if packaged:
            yield (
                f"The model {PACKAGED_MODEL} reads English, so it finds less in pages in {language!r}, and spelling is "
                f"not corrected. FOOTNOTE_MODEL={MULTILINGUAL_MODEL} finds more (docs/languages.md)."
            )
