"""A message cut into what is judged by itself: its sentences, and the clauses in them.

"I can't breathe, can I still come tomorrow" is two clauses; so is the same without its comma. A clause that a condition
or the past governs ("if it swells, my throat may close") is not judged by itself: only with what governs it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from chatbot.language import COMMA, SENTENCE, Phrases

__all__ = ["Clauses", "Span", "sentences"]

Span = tuple[int, int]
"""A stretch of words: the first, and the one after the last."""

_FEWEST = 2  # words that a clause has
_MOST = 40  # sentences that are judged one by one; of more, neighbours are judged together


class Clauses:
    """Cuts words into segments by a language's `framing`.

    `asks` and `tells` are the phrases that a question and a statement begin with; `joins` and `binds` are single words:
    those that may stand before a new clause, and those that no statement can follow as one of its own. `conditions`
    begin what is supposed; `present` says of a clause after one of the past that it is now. Without `asks`, the general
    questions are taken for them; without `tells` and `present`, what says that it is now.
    """

    def __init__(self, framing: Mapping[str, Sequence[str]]) -> None:
        self._asks = Phrases(framing.get("asks", framing["general"]))
        self._tells = Phrases(framing.get("tells", framing["now"]))
        self._joins = frozenset(framing.get("joins", ()))
        self._binds = frozenset(framing.get("binds", framing["unreal"]))
        self._conditions = Phrases(framing.get("conditions", framing["unreal"]))
        self._past = Phrases(framing["past"])
        self._present = Phrases([*framing.get("present", framing["now"]), *framing["strong"]])
        self._strong = Phrases(framing["strong"])

    def segments(self, words: Sequence[str]) -> list[Span]:
        """Return the whole, then its sentences, then their clauses; each stretch once."""
        whole = (0, len(words))
        parts = list(sentences(words))
        if len(parts) > _MOST:
            return [whole, *_merged(parts)]
        found = [whole]
        for sentence in parts:
            clauses = list(pairwise(self._cuts(words, sentence)))
            found += [sentence, *self._own(words, clauses)]
        return list(dict.fromkeys(found))

    def _cuts(self, words: Sequence[str], sentence: Span) -> list[int]:
        start, end = sentence
        part = words[start:end]
        asks = {at for at, _ in self._asks.find(part)}
        tells = {at for at, _ in self._tells.find(part) if part[at - 1] not in self._binds}
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

    def _own(self, words: Sequence[str], clauses: list[Span]) -> Iterator[Span]:
        """Yield the clauses that nothing before them governs."""
        supposed = past = False
        for start, end in clauses:
            clause = words[start:end]
            supposed = self._supposes(clause) or supposed
            if self._strong.find(clause):
                supposed = False
            governed = supposed or (past and not self._present.find(clause))
            if not governed:
                yield start, end
            past = bool(self._past.find(clause)) or (past and governed)

    def _supposes(self, clause: Sequence[str]) -> bool:
        """Tell whether a clause is a condition from its first words on: "if ...", "and what if ..."."""
        first = next((at for at, _ in self._conditions.find(clause)), None)
        return first is not None and not any(at < first for at, _ in self._tells.find(clause))


def _merged(parts: Sequence[Span]) -> Iterator[Span]:
    """Yield stretches of neighbouring sentences, at most `_MOST` of them."""
    each = -(-len(parts) // _MOST)
    for first in range(0, len(parts), each):
        yield parts[first][0], parts[min(first + each, len(parts)) - 1][1]


def sentences(words: Sequence[str]) -> Iterator[Span]:
    """Yield the sentences of words, each with the `SENTENCE` that it begins with."""
    starts = [place for place, word in enumerate(words) if word == SENTENCE]
    bounds = starts if starts[:1] == [0] else [0, *starts]
    yield from pairwise([*bounds, len(words)])
