"""Cut a message into its sentences and clauses, each of which triage judges by itself.

"I can't breathe, can I still come tomorrow" has two clauses, with or without its comma. A clause that depends on a
condition or on the past ("if it swells, my throat may close") is only judged together with the clause before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from chatbot.language import COMMA, SENTENCE, PhraseGroups, Span

__all__ = ["Clauses", "Span", "sentences"]

_FEWEST = 2  # words of a clause, at least
_MOST = 40  # sentences that are judged one by one; of a longer message, neighbours are judged together


class Clauses:
    """Cuts words into segments by the phrases in a language's `framing`.

    A question begins with one of `asks`, a statement with one of `tells`. `joins` are words that may stand before a new
    clause. `binds` are words after which a statement does not begin a clause of its own. `conditions` begin something
    supposed. `present` shows that a clause after one about the past is about now. Where a language lacks a list,
    another serves: `general` for `asks`, `now` for `tells` and `present`, `unreal` for `binds` and `conditions`.
    """

    def __init__(self, framing: Mapping[str, Sequence[str]]) -> None:
        self._beginnings = PhraseGroups(
            {"asks": framing.get("asks", framing["general"]), "tells": framing.get("tells", framing["now"])}
        )
        self._joins = frozenset(framing.get("joins", ()))
        self._binds = frozenset(framing.get("binds", framing["unreal"]))
        self._times = PhraseGroups(
            {
                "tells": framing.get("tells", framing["now"]),
                "conditions": framing.get("conditions", framing["unreal"]),
                "past": framing["past"],
                "present": [*framing.get("present", framing["now"]), *framing["strong"]],
                "strong": framing["strong"],
            }
        )

    def segments(self, words: Sequence[str]) -> list[Span]:
        """Return the whole message, then each sentence followed by its clauses; no span twice."""
        whole = (0, len(words))
        parts = list(sentences(words))
        if len(parts) > _MOST:
            return [whole, *_merged(parts)]
        segments = [whole]
        for sentence in parts:
            clauses = list(pairwise(self._cuts(words, sentence)))
            segments += [sentence, *(self._independent(words, clauses) if len(clauses) > 1 else ())]
        return list(dict.fromkeys(segments))

    def _cuts(self, words: Sequence[str], sentence: Span) -> list[int]:
        start, end = sentence
        part = words[start:end]
        found = self._beginnings.find(part)
        asks = {at for at, _ in found.get("asks", ())}
        tells = {at for at, _ in found.get("tells", ()) if part[at - 1] not in self._binds}
        cuts = [0]
        for at in sorted(asks | tells):
            begin = self._before_joins(part, at)
            if begin - cuts[-1] > _FEWEST:
                cuts.append(begin)
        return [start + cut for cut in cuts] + [end]

    def _before_joins(self, words: Sequence[str], at: int) -> int:
        while at > 1 and (words[at - 1] == COMMA or words[at - 1] in self._joins):
            at -= 1
        return at

    def _independent(self, words: Sequence[str], clauses: list[Span]) -> Iterator[Span]:
        """Yield the clauses that do not depend on one before them."""
        supposed = past = False
        for start, end in clauses:
            found = self._times.find(words[start:end])
            supposed = (supposed or _supposes(found)) and "strong" not in found
            dependent = supposed or (past and "present" not in found)
            if not dependent:
                yield start, end
            past = "past" in found or (past and dependent)


def _supposes(found: Mapping[str, Sequence[Span]]) -> bool:
    """Return whether a clause begins with a condition, as in "if ..." or "and what if ..."."""
    first = next((at for at, _ in found.get("conditions", ())), None)
    return first is not None and not any(at < first for at, _ in found.get("tells", ()))


def _merged(parts: Sequence[Span]) -> Iterator[Span]:
    """Yield spans of neighbouring sentences, at most `_MOST` spans."""
    each = -(-len(parts) // _MOST)
    for first in range(0, len(parts), each):
        yield parts[first][0], parts[min(first + each, len(parts)) - 1][1]


def sentences(words: Sequence[str]) -> Iterator[Span]:
    """Yield the spans of the sentences, each with the `SENTENCE` at its beginning."""
    starts = [place for place, word in enumerate(words) if word == SENTENCE]
    bounds = starts if starts[:1] == [0] else [0, *starts]
    yield from pairwise([*bounds, len(words)])
