"""The Urgent tab: which messages sounded urgent, whether that was right, and who signed the lists that decide it."""

from typing import Final

import gradio as gr

from chatbot import __version__
from chatbot.errors import ChangeRefused, FootnoteError
from chatbot.journal import LoggedQuestion
from chatbot.records import Level, Outcome
from chatbot.staff import UrgentMessages, judge, lists_digest, signed_lists, urgent_messages
from chatbot.times import utc_text
from chatbot.web.console.components import (
    Changes,
    Layout,
    RecordList,
    caution,
    cautions,
    counted,
    filled_table,
    hidden,
    notice,
    or_show_error,
    period,
    say,
    status_line,
    text_table,
    wire,
)
from chatbot.web.console.guard import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices

__all__ = ["urgent_tab"]

_COLUMNS: Final = {
    "When (UTC)": "160px",
    "Message": "300px",
    "Level": "108px",
    "Rule": "148px",
    "What was shown": "180px",
    "Judged": "116px",
}
_SIGN_OFF_COLUMNS: Final = {
    "When (UTC)": "150px",
    "Who": "200px",
    "Role": "200px",
    "Account": "130px",
    "Footnote": "100px",
    "Digest": "150px",
}
_ROWS_SHOWN: Final = 200
_EXCERPT: Final = 60  # characters of what was shown
_DIGEST_SHOWN: Final = 12  # digits
_LEVELS: Final = {
    Level.EMERGENCY: "emergency",
    Level.TODAY: "ring today",
    Level.CRISIS: "crisis",
    None: "of unknown level",
}
_JUDGEMENTS: Final = {True: "an emergency", False: "not an emergency", None: ""}
_TODAY: Final = {
    Outcome.ANSWERED: "Answered from your pages.",
    Outcome.RELATED: "The closest passages of your pages, with a note that they may not answer it.",
    Outcome.NOT_FOUND: "Not found in your pages.",
    Outcome.REPLY: "A fixed reply.",
}
_ABOUT: Final = (
    "Messages that sounded urgent, newest first. Say of each whether it was an emergency. Your judgement is saved as a "
    "golden question, which the tab Check asks again."
)
_ABOUT_SIGN_OFF: Final = """## Signed off

A clinician of the clinic reads the lists and the wording that decide what is urgent, and signs them by name. When one
of them changes, by an update of Footnote or here, it must be signed again."""
_NO_JOURNAL: Final = (
    "No messages are kept, because FOOTNOTE_JOURNAL is off. Ask whoever looks after the server to name a file there. "
    "From then on this tab shows what sounded urgent."
)
_EMPTY: Final = "No message sounded urgent in this time. Choose a longer time to look further back."
_EXPIRED: Final = "(deleted, because the time for keeping words is over)"
_UNKNOWN: Final = "(not kept)"
_SAVED: Final = "It is saved as a golden question."
_NOT_SAVED: Final = (
    "No golden question is saved, because it was urgent only after the message before, which is not kept."
)


def urgent_tab(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the journal and the sign-offs."""
    handlers = _Tab(services)
    parts = handlers.parts
    for trigger in (tab.select, parts.days.input):
        wire(trigger, handlers.show, [parts.days], parts.all)
    parts.wire_rows(handlers.open)
    judged = [parts.opened, parts.records, parts.days]
    wire(parts.emergency.click, or_show_error(handlers.confirm, parts.notice), judged, parts.all)
    wire(parts.no_emergency.click, or_show_error(handlers.deny, parts.notice), judged, parts.all)
    _wire_sign_off(services, tab)


class _Layout(RecordList):
    """The list of messages, and the panel to judge one."""

    def __init__(self) -> None:
        gr.Markdown(_ABOUT)
        with gr.Row(elem_classes="bar"):
            self.days = period("urgent-days")
        super().__init__("urgent", "message", _COLUMNS, "Urgent messages, newest first")
        with self.detail:
            self.reason = status_line("Why it was urgent", "urgent-reason")
            self.verdict = status_line("How it was judged", "urgent-verdict")
            with gr.Row(elem_classes="actions for-editors"):
                self.emergency = gr.Button("It was an emergency", elem_id="urgent-yes")
                self.no_emergency = gr.Button("It was not an emergency", elem_id="urgent-no")
            self.shown = _wording("What was shown", "urgent-shown")
            self.today = _wording("What visitors would see today", "urgent-today")


class _Tab:
    """The handlers of the list of messages."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self.parts = _Layout()

    def show(self, days: int) -> Changes:
        """List what sounded urgent."""
        return {**self._list(days), self.parts.notice: hidden()}

    def _list(self, days: int) -> Changes:
        journal = self._services.journal
        if journal is None:
            return self.parts.show(None, _NO_JOURNAL)
        try:
            messages = urgent_messages(journal, int(days))
        except FootnoteError as error:
            return self.parts.show(None, str(error))
        if not messages.rows:
            return self.parts.show(None, _EMPTY)
        names = [f"{utc_text(row.asked)}: {row.text or _EXPIRED}" for row in messages.rows[:_ROWS_SHOWN]]
        return self.parts.show(messages, _summary(messages), names, _cells(messages))

    def open(self, row: LoggedQuestion) -> Changes:
        """Open a message: its words, why it was urgent, what was shown, and what would be shown today."""
        return {
            self.parts.opened: row.id,
            self.parts.heading: f"“{row.text}”" if row.text else _EXPIRED,
            self.parts.reason: _reason(row),
            self.parts.shown: row.shown or _UNKNOWN,
            self.parts.today: gr.update(value=self._today(row.text) if row.text else "", visible=bool(row.text)),
            **self._verdict(row),
        }

    @editors_only
    def confirm(self, opened: int | None, messages: UrgentMessages | None, days: int, request: gr.Request) -> Changes:
        """Save that the open message was an emergency."""
        return self._judge(require_editor(request).name, opened, messages, days, emergency=True)

    @editors_only
    def deny(self, opened: int | None, messages: UrgentMessages | None, days: int, request: gr.Request) -> Changes:
        """Save that the open message was not an emergency."""
        return self._judge(require_editor(request).name, opened, messages, days, emergency=False)

    def _judge(
        self, account: str, opened: int | None, messages: UrgentMessages | None, days: int, *, emergency: bool
    ) -> Changes:
        row = _row(messages, opened)
        journal = self._services.journal
        if row is None or journal is None:
            raise ChangeRefused("Open a message first.")
        saved = judge(journal, self._services.golden_file, row, account, emergency=emergency)
        messages = urgent_messages(journal, int(days))
        done = (
            f"Judged: {_JUDGEMENTS[emergency]}. {_SAVED if saved else _NOT_SAVED} Press the other button to change it."
        )
        return {
            self.parts.notice: say(done),
            self.parts.records: messages,
            self.parts.summary: _summary(messages),
            self.parts.table: filled_table(_cells(messages)),
            **self._verdict(_row(messages, opened) or row),
        }

    def _today(self, text: str) -> str:
        """Ask the chatbot as it is now."""
        try:
            answer = self._services.bot.ask(text)
        except FootnoteError as error:
            return str(error)
        if answer.alarm:
            return f"Urgent ({_LEVELS[answer.alarm.level]}, by the rule “{answer.alarm.rule}”): {answer.message}"
        return f"Not urgent. {_TODAY[answer.outcome]}\n{answer.message}".strip()

    def _verdict(self, row: LoggedQuestion) -> Changes:
        """Show how a message was judged, on the buttons too; without its words it cannot be judged."""
        buttons = {self.parts.emergency: row.judged is True, self.parts.no_emergency: row.judged is False}
        return {
            self.parts.verdict: "Not judged yet." if row.judged is None else f"Judged: {_JUDGEMENTS[row.judged]}.",
            **{
                button: gr.update(variant="primary" if pressed else "secondary", visible=bool(row.text))
                for button, pressed in buttons.items()
            },
        }


def _row(messages: UrgentMessages | None, opened: int | None) -> LoggedQuestion | None:
    return next((row for row in messages.rows if row.id == opened), None) if messages else None


def _summary(messages: UrgentMessages) -> str:
    levels = [f"{messages.by_level[level]:,} {name}" for level, name in _LEVELS.items() if messages.by_level.get(level)]
    more = f" The newest {_ROWS_SHOWN} are shown." if len(messages.rows) > _ROWS_SHOWN else ""
    text = f"{counted(len(messages.rows), 'message')} sounded urgent: {', '.join(levels)}.{more}"
    if not messages.judged:
        return f"{text} None has been judged yet."
    share = messages.false_alarms / messages.judged
    return f"{text} {messages.judged:,} judged; {messages.false_alarms:,} of these ({share:.0%}) not an emergency."


def _cells(messages: UrgentMessages) -> list[list[str]]:
    return [
        [
            f"{row.asked:%Y-%m-%d %H:%M}",
            row.text or _EXPIRED,
            _LEVELS[row.level],
            row.rule or _UNKNOWN,
            _excerpt(row.shown or _UNKNOWN),
            _JUDGEMENTS[row.judged],
        ]
        for row in messages.rows[:_ROWS_SHOWN]
    ]


def _reason(row: LoggedQuestion) -> str:
    if row.level is None:
        return f"{utc_text(row.asked)}. The level and the rule were not kept yet."
    return f"{utc_text(row.asked)}. Level: {_LEVELS[row.level]}. Rule: “{row.rule}”."


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[:_EXCERPT].rsplit(" ", 1)[0] + " …"


def _wording(label: str, name: str) -> gr.Textbox:
    return gr.Textbox(label=label, interactive=False, lines=1, max_lines=10, elem_id=name)


def _wire_sign_off(services: ConsoleServices, tab: gr.Tab) -> None:
    handlers = _SignOff(services)
    parts = handlers.parts
    wire(tab.select, handlers.show, [], parts.all)
    wire(parts.choice.input, handlers.read, [parts.choice], parts.all)
    form = [parts.name, parts.role, parts.confirmed, parts.digest]
    wire(parts.sign.click, or_show_error(handlers.sign, parts.notice), form, parts.all)


class _SignOffLayout(Layout):
    """The panel Signed off: the lists to read, who signed them, and the form to sign."""

    def __init__(self) -> None:
        with gr.Column(elem_id="signing-panel"):
            gr.Markdown(_ABOUT_SIGN_OFF)
            self.warning = caution("signing-warning")
            self.state = status_line("What is signed", "signing-state")
            self.choice = gr.Dropdown([], label="Read a list", value=None, elem_id="signing-choice")
            self.text = gr.Textbox(
                label="As it is now", interactive=False, visible=False, lines=12, max_lines=24, elem_id="signing-text"
            )
            with gr.Row(elem_classes="bar for-editors"):
                self.name = gr.Textbox(label="Name", max_lines=1, elem_id="signing-name")
                self.role = gr.Textbox(label="Role", placeholder="Lead nurse", max_lines=1, elem_id="signing-role")
            self.confirmed = gr.Checkbox(
                False, label="I have read the lists and the wording", elem_id="signing-read", elem_classes="for-editors"
            )
            self.sign = gr.Button("Sign off", variant="primary", elem_id="signing-sign", elem_classes="for-editors")
            self.notice = notice("signing-notice")
            self.digest = gr.State("")  # of the lists as this page shows them
            self.table = text_table(_SIGN_OFF_COLUMNS, "Sign-offs, newest first", "signing-list", visible=False)


class _SignOff:
    """The handlers of the panel Signed off."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self.parts = _SignOffLayout()

    def show(self) -> Changes:
        """Show whether the lists are signed as they are, by whom, and what changed since."""
        clinic, sign_offs = self._services.bot.clinic, self._services.sign_offs
        names = list(signed_lists(clinic))
        choice: Changes = {self.parts.choice: gr.update(choices=names)}
        try:
            signed, warning, changed = sign_offs.all(), sign_offs.warning(clinic), sign_offs.changed(clinic)
        except FootnoteError as error:
            return {**choice, self.parts.warning: cautions([str(error)]), self.parts.state: "", self.parts.digest: ""}
        since = f" Changed since: {', '.join(changed)}." if signed and changed else ""
        digest = lists_digest(clinic)
        state = f"{len(names)} lists, digest {digest[:_DIGEST_SHOWN]}, Footnote {__version__}.{since}"
        if signed and not warning:
            state = f"Signed off by {signed[0].name}, {signed[0].role}. {state}"
        rows = [
            [f"{row.signed:%Y-%m-%d %H:%M}", row.name, row.role, row.account, row.version, row.digest[:_DIGEST_SHOWN]]
            for row in signed
        ]
        return {
            **choice,
            self.parts.warning: cautions([warning]),
            self.parts.state: state,
            self.parts.digest: digest,
            self.parts.table: filled_table(rows),
        }

    def read(self, name: str | None) -> Changes:
        """Show a list as it is now."""
        text = signed_lists(self._services.bot.clinic).get(name or "", "")
        return {self.parts.text: gr.update(value=text, visible=bool(text))}

    @editors_only
    def sign(self, name: str, role: str, confirmed: bool, digest: str, request: gr.Request) -> Changes:
        """Record that somebody signs the lists as they are now."""
        account = require_editor(request)
        if not confirmed:
            raise ChangeRefused("Read the lists and the wording first. Then tick that you have.")
        clinic = self._services.bot.clinic
        if digest != lists_digest(clinic):
            raise ChangeRefused("The lists changed while you read them. Load the page again and read them anew.")
        signed = self._services.sign_offs.sign(account.name, name, role, clinic)
        done = say(f"Signed off by {signed.name}, {signed.role}.")
        return {self.parts.notice: done, self.parts.confirmed: False, **self.show()}
