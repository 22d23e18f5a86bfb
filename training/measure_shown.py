"""Measures what it costs to show further passages only where they come near the first.

    python -m training.measure_shown            # all made-up sites
    python -m training.measure_shown vet podiatry

For each share of the first passage's confidence that a further one must reach, it prints how many answerable questions
lose their right passage, and how many passages are shown. `chatbot/answering/turn.py` holds the share.
"""

import json
import sys
from collections.abc import Iterator, Sequence

from chatbot.answering.gate import Gate
from chatbot.answering.ranking import Ranking
from chatbot.answering.reader import load_reader
from chatbot.answering.replies import ReplyMatcher
from chatbot.answering.turn import PipelineComponents, ServingSnapshot, Turn, hits_to_show
from chatbot.clinic import Clinic
from chatbot.triage import Finding, Triage
from training.cached import CachedEncoder
from training.corpora import SITES, index_corpus, spelling_of

SHARES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

Passages = list[tuple[float, bool]]
"""The confidence of each passage of a question, best first, and whether it is right."""


def main() -> None:
    """Ask all questions and print a line for each share."""
    gate = Gate.fitted()
    asked = list(_ask_all(gate, sys.argv[1:] or sorted(path.parent.name for path in SITES.glob("*/questions.jsonl"))))
    answerable = [passages for passages, is_answerable in asked if is_answerable]
    print(f"{len(answerable)} answerable questions of {len(asked)}")
    for share in SHARES:
        lost = sum(
            _has_right(_shown(passages, 0.0, gate.related)) and not _has_right(_shown(passages, share, gate.related))
            for passages in answerable
        )
        shown = sum(len(_shown(passages, share, gate.related)) for passages, _ in asked)
        print(f"{share:.1f}  lost {lost / len(answerable):6.2%}  passages shown {shown / len(asked):.2f}")


def _ask_all(gate: Gate, sites: Sequence[str]) -> Iterator[tuple[Passages, bool]]:
    """Yield the passages that may be shown for each question, and whether the pages answer it."""
    encoder = CachedEncoder()
    tools = PipelineComponents(encoder, Ranking.fitted(), gate, Triage(None, None), load_reader(encoder))
    for site in sites:
        index = index_corpus(SITES / site / "corpus", encoder)
        serving = ServingSnapshot(index, spelling_of(index, encoder), Clinic(), ReplyMatcher.of((), encoder))
        for line in (SITES / site / "questions.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            untriaged = [Finding()] * (1 + len(row["history"]))
            result = Turn(tools, row["question"], row["history"], serving, untriaged).search_result
            if result is None:
                continue
            hits = hits_to_show(result)
            confidences = gate.confidences(index, result, hits)
            right = [any(gold in hit.passage.text for gold in row["gold"]) for hit in hits]
            yield list(zip(confidences, right, strict=True)), row["expect"] == "answer"


def _shown(passages: Passages, share: float, related: float) -> Passages:
    """Return the first passage, and those that reach a share of its confidence."""
    least = max(related, share * passages[0][0])
    return [passages[0], *(passage for passage in passages[1:] if passage[0] >= least)]


def _has_right(passages: Passages) -> bool:
    return any(right for _, right in passages)


if __name__ == "__main__":
    main()
