"""The words, tables and HTML of the First-day review tab."""

from collections.abc import Mapping, Sequence
from typing import Final

from chatbot.answering import Candidate, Explanation
from chatbot.reading import unwrapped
from chatbot.records import Answer, Highlight, Outcome, Passage
from chatbot.staff import AnswersAllowed, FirstDayQuestion, FirstDaySummary, Judgement, Verdict
from chatbot.web.console.components import counted
from chatbot.web.http.markup import Html, breadcrumb, marked

__all__ = [
    "NO_ANSWER",
    "RIGHT",
    "allowed_rows",
    "answer_card",
    "choice_label",
    "chosen_card",
    "judged_row",
    "missing_rows",
    "outcome_rows",
    "passage_to_judge",
    "progress_bar",
    "total_text",
]

RIGHT: Final = {
    Outcome.ANSWERED: "Right",
    Outcome.RELATED: "Right, this answers it",
    Outcome.NOT_FOUND: "This passage answers it",
    Outcome.URGENT: "Right, it is urgent",
    Outcome.REPLY: "Right",
}
"""The first of the three answers, by the outcome that is judged."""

NO_ANSWER: Final = dict.fromkeys(Outcome, "Our pages don't answer this") | {
    Outcome.REPLY: "Wrong, and our pages don't answer this"
}
"""The third of the three answers, by the outcome that is judged."""

_EXCERPT: Final = 280  # characters of a passage in the list to choose from
_OUTCOMES: Final = {
    Outcome.ANSWERED: ("Answered", "Visitors are shown this passage as the answer."),
    Outcome.RELATED: ("May help", "Visitors are shown this passage, with a note that it may not answer."),
    Outcome.NOT_FOUND: ("Not found", "Visitors are told that your pages don't say."),
    Outcome.URGENT: ("Urgent", "Visitors see your urgent wording. If this is no emergency, skip the question."),
    Outcome.REPLY: ("A fixed reply", "Visitors are given this reply."),
}
_ASKS_BACK: Final = ("Asks back", "Visitors are asked which page they mean, with a button for each of these.")
_NEAREST: Final = "They are not shown the passage below, which comes nearest."
_VERDICTS: Final = {
    Verdict.RIGHT: "right",
    Verdict.OTHER: "another passage",
    Verdict.NO_ANSWER: "our pages don't answer this",
    Verdict.SKIPPED: "skipped",
}


def passage_to_judge(explanation: Explanation) -> Passage | None:
    """Return the passage that visitors see first, or else the nearest one; None where there is none to judge."""
    if explanation.answer.outcome is Outcome.URGENT or explanation.answer.choices:
        return None
    shown = [citation.passage for citation in explanation.answer.citations]
    nearest = [candidate.passage for candidate in explanation.candidates]
    return next(iter([*shown, *nearest]), None)


def answer_card(question: str, explanation: Explanation, earlier: Judgement | None) -> Html:
    """Return a question with what Footnote says to it, and the verdict that it has."""
    answer = explanation.answer
    name, meaning = _ASKS_BACK if answer.choices else _OUTCOMES[answer.outcome]
    passage = passage_to_judge(explanation)
    if answer.outcome in {Outcome.REPLY, Outcome.URGENT}:
        quote = Html("<figure><blockquote>{}</blockquote></figure>").format(answer.message)
    elif answer.choices:
        titles = Html().join(Html("<li>{}</li>").format(choice.title) for choice in answer.choices)
        quote = Html("<ul>{}</ul>").format(titles)
    else:
        quote = _quote(passage, _marks(passage, explanation)) if passage else Html()
    if answer.outcome is Outcome.NOT_FOUND and passage:
        meaning = f"{meaning} {_NEAREST}"
    before = Html('<p class="before">You said before: {}.</p>').format(_VERDICTS[earlier.verdict]) if earlier else ""
    said = Html("<strong>{}.</strong> {}").format(name, meaning)
    return _card(question, said, quote, before)


def chosen_card(question: str, candidate: Candidate) -> Html:
    """Return a question with the passage that was chosen for it."""
    return _card(question, Html("The passage that you chose."), _quote(candidate.passage, candidate.highlights))


def choice_label(number: int, candidate: Candidate) -> str:
    """Return a passage in the list to choose from, counted from 0, with the key that chooses it."""
    text = " ".join(candidate.passage.text.split())
    excerpt = text if len(text) <= _EXCERPT else text[: _EXCERPT - 1].rsplit(" ", 1)[0] + " …"
    return f"{number + 1}. {breadcrumb((candidate.passage.title, *candidate.passage.headings))}: {excerpt}"


def progress_bar(done: int, of: int) -> Html:
    """Return a bar that shows how many questions were seen."""
    bar = Html('<div><progress value="{}" max="{}" aria-label="Questions that you have seen"></progress></div>')
    return bar.format(done, of)


def total_text(summary: FirstDaySummary) -> str:
    """Return how far a review is and how often Footnote was right."""
    skipped = summary.verdicts.get(Verdict.SKIPPED, 0)
    if not summary.judged:
        also = f" {skipped} skipped." if skipped else ""
        return f"{counted(summary.asked, 'question')}. None is judged yet.{also}"
    right, other, none = (
        summary.verdicts.get(verdict, 0) for verdict in (Verdict.RIGHT, Verdict.OTHER, Verdict.NO_ANSWER)
    )
    return (
        f"{summary.judged} of {summary.asked} judged: {right} right, {other} answered by another passage, {none} not "
        f"answered by your pages. {skipped} skipped.\n"
        f"Footnote by itself was right on {summary.right} of {summary.judged} ({summary.right / summary.judged:.0%})."
    )


def outcome_rows(summary: FirstDaySummary) -> list[list[str]]:
    """Return how often Footnote was right, a row for each outcome."""
    return [
        [_OUTCOMES[outcome][0], str(number), f"{right} ({right / number:.0%})"]
        for outcome, (number, right) in summary.by_outcome.items()
    ]


def allowed_rows(allowed: Sequence[AnswersAllowed], now: float) -> list[list[str]]:
    """Return what would be answered for each share of wrong answers, a row each; `now` is the share that is allowed."""
    return [
        [f"{row.max_error_rate:.0%}{' (now)' * (row.max_error_rate == now)}", str(row.answered), str(row.wrong)]
        for row in allowed
    ]


def missing_rows(missing: Sequence[FirstDayQuestion]) -> list[list[str]]:
    """Return the pages to write: a topic with the questions that no page answers, a row for each."""
    topics: dict[str, list[str]] = {}
    for question in missing:
        topics.setdefault(question.topic, []).append(question.text)
    return [[topic, " ".join(texts)] for topic, texts in topics.items()]


def judged_row(judgement: Judgement) -> list[str]:
    """Return a question with its verdict and what Footnote said."""
    return [judgement.question, _VERDICTS[judgement.verdict], _OUTCOMES[judgement.outcome][0].lower()]


def _marks(passage: Passage, explanation: Explanation) -> Sequence[Highlight]:
    answer: Answer = explanation.answer
    marks: Mapping[Passage, Sequence[Highlight]] = {
        **{candidate.passage: candidate.highlights for candidate in explanation.candidates},
        **{citation.passage: citation.highlights for citation in answer.citations if citation.highlights},
    }
    return marks.get(passage, ())


def _card(question: str, said: Html, quote: Html, before: str = "") -> Html:
    return Html('<div><h2>{}</h2><p class="outcome">{}</p>{}{}</div>').format(question, said, quote, before)


def _quote(passage: Passage, marks: Sequence[Highlight]) -> Html:
    about = Html('<p class="about">{}</p>').format(passage.headings[-1]) if passage.headings else ""
    page = breadcrumb((passage.title, *passage.headings[:-1]))
    return Html("<figure>{}<blockquote>{}</blockquote><figcaption>From your page “{}”</figcaption></figure>").format(
        about, marked(unwrapped(passage.text), marks), page
    )
