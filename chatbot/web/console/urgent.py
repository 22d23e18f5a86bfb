"""The Urgent tab: what alarmed, whether that was right, and who signed the lists that decide it."""

from typing import Final

import gradio as gr

from chatbot.errors import FootnoteError
from chatbot.journal import LoggedQuestion
from chatbot.records import Level, Outcome
from chatbot.staff import UrgentMessages, judge, urgent_messages
from chatbot.web.console.components import chosen_row, hidden, or_show_error, say, warn, wire
from chatbot.web.console.current_user import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices
from chatbot.web.console.signing import signing
from chatbot.web.console.urgent_parts import lay_out

__all__ = ["urgent_tab"]

_ROWS: Final = 200  # that are shown
_FIRST: Final = 60  # characters of what was shown
_LEVELS: Final = {
    Level.EMERGENCY: "emergency",
    Level.TODAY: "ring today",
    Level.CRISIS: "crisis",
    None: "of unknown level",
}
_JUDGED: Final = {True: "an emergency", False: "not an emergency", None: ""}
_TODAY: Final = {
    Outcome.ANSWERED: "Answered from your pages.",
    Outcome.RELATED: "The closest passages of your pages, and that these may not answer it.",
    Outcome.NOT_FOUND: "Not found in your pages.",
    Outcome.REPLY: "A fixed reply.",
}
_NO_JOURNAL: Final = (
    "No messages are kept: FOOTNOTE_JOURNAL is off. Name a file there on the server; from then on this tab shows what "
    "sounded urgent."
)
_NOTHING: Final = "No message sounded urgent in this time. Choose a longer time to look further back."
_GONE: Final = "(its words are gone: the time that words are kept is over)"
_UNKNOWN: Final = "(not kept)"
_SAVED: Final = " It is saved as a golden question."
_CARRIED: Final = (
    " It was urgent because of the message before, which is not kept: the judgement is marked, and no golden question "
    "is saved."
)


def urgent_tab(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the journal and the sign-offs."""
    do = _Tab(services)
    parts = lay_out()
    signing(services, tab)
    for trigger in (tab.select, parts.days.input):
        wire(trigger, do.show, [parts.days], parts.listed)
    wire(parts.table.select, do.picked, [parts.found], [parts.choice, *parts.opened])
    wire(parts.choice.input, do.open, [parts.choice, parts.found], parts.opened)
    judging = [parts.told, parts.found, parts.summary, parts.table, *parts.judged]
    wire(parts.emergency.click, do.confirm, [parts.chosen, parts.found, parts.days], judging)
    wire(parts.no_emergency.click, do.deny, [parts.chosen, parts.found, parts.days], judging)


class _Tab:
    """What the tab's events do."""

    def __init__(self, services: ConsoleServices) -> None:
        self._house = services

    def show(self, days: int) -> list[object]:
        """List what sounded urgent."""
        journal = self._house.journal
        if journal is None:
            return self._empty(_NO_JOURNAL)
        try:
            found = urgent_messages(journal, int(days))
        except FootnoteError as error:
            return self._empty(str(error))
        if not found.rows:
            return self._empty(_NOTHING)
        choices = [(_choice(row), place) for place, row in enumerate(found.rows[:_ROWS])]
        return [
            found,
            _summary(found),
            gr.update(choices=choices, value=None),
            gr.update(value=_cells(found), visible=True),
            gr.update(visible=False),
            hidden(),
        ]

    def picked(self, event: gr.SelectData, found: UrgentMessages | None) -> list[object]:
        """Open the row that was clicked."""
        chosen = chosen_row(event)
        return [chosen, *self.open(chosen, found)]

    def open(self, place: int | None, found: UrgentMessages | None) -> list[object]:
        """Open a message: its words, why it was urgent, what was shown, and what would be said today."""
        if found is None or place is None or not 0 <= place < len(found.rows):
            return [None, gr.update(visible=False), hidden(), *(gr.skip() for _ in range(7))]
        row = found.rows[place]
        return [
            row.id,
            gr.update(visible=True),
            hidden(),
            f"“{row.text}”" if row.text else _GONE,
            _why(row),
            row.shown or _UNKNOWN,
            gr.update(value=self._today(row.text) if row.text else "", visible=bool(row.text)),
            *_verdict(row),
        ]

    @editors_only
    def confirm(self, chosen: int | None, found: UrgentMessages | None, days: int, request: gr.Request) -> list[object]:
        """Keep that the open message was an emergency."""
        return self._judge(require_editor(request).name, chosen, found, days, emergency=True)

    @editors_only
    def deny(self, chosen: int | None, found: UrgentMessages | None, days: int, request: gr.Request) -> list[object]:
        """Keep that the open message was not an emergency."""
        return self._judge(require_editor(request).name, chosen, found, days, emergency=False)

    def _judge(
        self, account: str, chosen: int | None, found: UrgentMessages | None, days: int, *, emergency: bool
    ) -> list[object]:
        row = _row(found, chosen)
        journal = self._house.journal
        if row is None or journal is None:
            return [warn("Open a message first."), *(gr.skip() for _ in range(6))]

        def judged() -> list[object]:
            saved = judge(journal, self._house.golden_file, row, account, emergency=emergency)
            now = urgent_messages(journal, int(days))
            done = f"Judged: {_JUDGED[emergency]}.{_SAVED if saved else _CARRIED} Press the other button to change it."
            same = _row(now, chosen) or row
            return [say(done), now, _summary(now), _cells(now), *_verdict(same)]

        return or_show_error(6, judged)

    def _today(self, text: str) -> str:
        """Ask the chatbot as it is now."""
        try:
            answer = self._house.bot.ask(text)
        except FootnoteError as error:
            return str(error)
        if answer.alarm:
            return f"Urgent ({_LEVELS[answer.alarm.level]}, by the rule “{answer.alarm.rule}”): {answer.message}"
        return f"Not urgent. {_TODAY[answer.outcome]}\n{answer.message}".strip()

    def _empty(self, why: str) -> list[object]:
        gone = gr.update(visible=False)
        return [None, why, gr.update(choices=[], value=None), gr.update(value=[], visible=False), gone, hidden()]


def _row(found: UrgentMessages | None, chosen: int | None) -> LoggedQuestion | None:
    return next((row for row in found.rows if row.id == chosen), None) if found else None


def _summary(found: UrgentMessages) -> str:
    number = len(found.rows)
    levels = ", ".join(f"{found.by_level[level]:,} {_LEVELS[level]}" for level in _LEVELS if found.by_level.get(level))
    shown = f" The newest {_ROWS} are shown." if number > _ROWS else ""
    counted = f"{number:,} {'message' if number == 1 else 'messages'} sounded urgent: {levels}.{shown}"
    if not found.judged:
        return f"{counted} None has been judged yet."
    share = found.false_alarms / found.judged
    return f"{counted} {found.judged:,} judged; {found.false_alarms:,} of these ({share:.0%}) not an emergency."


def _choice(row: LoggedQuestion) -> str:
    return f"{row.asked:%Y-%m-%d %H:%M} {row.text or _GONE}"


def _cells(found: UrgentMessages) -> list[list[str]]:
    return [
        [
            f"{row.asked:%Y-%m-%d %H:%M}",
            row.text or _GONE,
            _LEVELS[row.level],
            row.rule or _UNKNOWN,
            _first_words(row.shown or _UNKNOWN),
            _JUDGED[row.judged],
        ]
        for row in found.rows[:_ROWS]
    ]


def _why(row: LoggedQuestion) -> str:
    if row.level is None:
        return f"{row.asked:%Y-%m-%d %H:%M} UTC. The level and the rule were not kept yet."
    return f"{row.asked:%Y-%m-%d %H:%M} UTC. Level: {_LEVELS[row.level]}. Rule: “{row.rule}”."


def _verdict(row: LoggedQuestion) -> list[object]:
    """Say how a message was judged, on the buttons too; without words there is nothing to judge."""
    judged = f"Judged: {_JUDGED[row.judged]}." if row.judged is not None else "Not judged yet."
    return [
        judged,
        gr.update(variant="primary" if row.judged is True else "secondary", visible=bool(row.text)),
        gr.update(variant="primary" if row.judged is False else "secondary", visible=bool(row.text)),
    ]


def _first_words(text: str) -> str:
    return text if len(text) <= _FIRST else text[:_FIRST].rsplit(" ", 1)[0] + " …"
