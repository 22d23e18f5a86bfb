"""The Check tab: how the golden questions are answered now, compared with the check before."""

from collections.abc import Sequence
from typing import Final

import gradio as gr

from chatbot.errors import ChangeRefused, FootnoteError
from chatbot.staff import CheckReport, CheckResult, Differences, differences
from chatbot.times import utc_text
from chatbot.web.console.chart_routes import chart
from chatbot.web.console.components import (
    NO_VALUE,
    Changes,
    Layout,
    counted,
    filled_table,
    notice,
    or_show_error,
    say,
    status_line,
    step_counter,
    text_table,
    wire,
)
from chatbot.web.console.guard import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices

__all__ = ["checks_tab"]

_FIGURES: Final = (
    ("hit@1", "Right passage came first"),
    ("hit@3", "Right passage was among the first three"),
    ("refused", "Correctly not answered"),
    ("urgent", "Correctly urgent"),
)
_REPORTS_SHOWN: Final = 30
_NO_GOLDEN: Final = (
    "There is no golden question yet. Ask something in the tab Try it, and say there which passage should have "
    "answered, or that none should. Each click saves a golden question, and this tab asks them all."
)


def checks_tab(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the golden questions."""
    handlers = _Tab(services)
    parts = handlers.parts
    wire(tab.select, handlers.show, [], parts.all)
    wire(parts.run.click, or_show_error(handlers.run, parts.notice), [], parts.all, parts.notice)


class _Layout(Layout):
    """The button to check, and the tables of the latest report."""

    def __init__(self) -> None:
        self.summary = status_line("Where things stand", "check-summary")
        with gr.Row(elem_classes="actions for-editors"):
            self.run = gr.Button("Check now", variant="primary", elem_id="check-run", visible=False)
        self.notice = notice("check-notice")
        self.changes = _table(
            "What changed since the check before", "check-changes", "Question", "Now", "What that means"
        )
        self.figures = _table("Figures", "check-figures", "Figure", "This check", "The check before")
        self.wrong = _table("Not answered correctly now", "check-wrong", "Question", "Should be", "Is")
        self.chart = gr.Markdown(visible=False, elem_id="check-chart", elem_classes="chart")
        self.past = _table("All checks, latest first", "check-past", "Checked (UTC)", "Asked", "Correct", "Index")


class _Tab:
    """The handlers of the tab."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self.parts = _Layout()

    def show(self) -> Changes:
        """Show the latest report beside the one before."""
        try:
            number = len(self._services.golden_file.read())
        except FootnoteError as error:
            return self._show_reports(str(error), False)
        if not number:
            return self._show_reports(_NO_GOLDEN, False)
        if not self._services.reports.all():
            text = f"{counted(number, 'golden question')} saved, and never checked. Press the button to ask them all."
            return self._show_reports(text, True)
        return self._show_reports("", True)

    @editors_only
    def run(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> Changes:  # noqa: B008 - Gradio looks for it there
        """Ask all golden questions and save the report."""
        require_editor(request)
        golden = self._services.golden_file.read()
        if not golden:
            raise ChangeRefused(_NO_GOLDEN)
        report = self._services.reports.run(self._services.bot, golden, step_counter(progress, "Asking", "questions"))
        done = f"Checked: {report.right} of {counted(len(report.verdicts), 'golden question')} answered correctly."
        return {self.parts.notice: say(done), **self.show()}

    def _show_reports(self, summary: str, can_run: bool) -> Changes:
        reports = self._services.reports.all()[-_REPORTS_SHOWN:]
        latest, before = (reports[-1] if reports else None), (reports[-2] if len(reports) > 1 else None)
        change = differences(before, latest) if latest and before else None
        wrong = [_wrong_row(verdict) for verdict in latest.verdicts if not verdict.right] if latest else []
        return {
            self.parts.summary: summary or (_summary(latest, change) if latest else ""),
            self.parts.run: gr.update(visible=can_run),
            self.parts.figures: filled_table(_figures(latest, before) if latest else []),
            self.parts.changes: filled_table(_change_rows(change) if change else []),
            self.parts.wrong: filled_table(wrong),
            self.parts.chart: gr.update(value=_chart(reports), visible=len(reports) > 1),
            self.parts.past: filled_table([_past_row(report) for report in reversed(reports)]),
        }


def _table(label: str, name: str, first: str, *others: str) -> gr.Dataframe:
    columns = {first: "34%", **dict.fromkeys(others, f"{66 // len(others)}%")}
    return text_table(columns, label, name, visible=False)


def _summary(latest: CheckReport, change: Differences | None) -> str:
    number = counted(len(latest.verdicts), "golden question")
    text = f"Last checked {utc_text(latest.taken)}: {latest.right} of {number} answered correctly."
    if change is None:
        return text
    if not (change.worse or change.better):
        return f"{text} No outcome changed since the check before."
    return f"{text} Since the check before, {len(change.worse)} became worse and {len(change.better)} better."


def _figures(latest: CheckReport, before: CheckReport | None) -> list[list[str]]:
    rows = [["Answered correctly", _share(latest), _share(before) if before else NO_VALUE]]
    for name, label in _FIGURES:
        if latest.figures.get(name) is not None:
            rows.append([label, _figure(latest, name, ".0%"), _figure(before, name, ".0%")])
    return [
        *rows,
        ["Milliseconds a question, median", _figure(latest, "median_ms", ".0f"), _figure(before, "median_ms", ".0f")],
    ]


def _share(report: CheckReport) -> str:
    return f"{report.right} of {len(report.verdicts)}"


def _figure(report: CheckReport | None, name: str, form: str) -> str:
    value = report.figures.get(name) if report else None
    return NO_VALUE if value is None else format(value, form)


def _change_rows(change: Differences) -> list[list[str]]:
    worse = [[verdict.question, verdict.outcome_text, "worse: look at this one"] for verdict in change.worse]
    return [*worse, *([verdict.question, verdict.outcome_text, "better"] for verdict in change.better)]


def _wrong_row(verdict: CheckResult) -> list[str]:
    should = {"answer": "answered, by the saved passage" if verdict.judged else "answered", "abstain": "not answered"}
    return [verdict.question, should.get(verdict.expect.value, verdict.expect.value), verdict.outcome_text]


def _past_row(report: CheckReport) -> list[str]:
    return [f"{report.taken:%Y-%m-%d %H:%M}", str(len(report.verdicts)), str(report.right), report.build[:8]]


def _chart(reports: Sequence[CheckReport]) -> str:
    if len(reports) < 2:
        return ""
    first, last = reports[0], reports[-1]
    text = (
        f"Share of golden questions answered correctly over {len(reports)} checks: from {_share(first)} to "
        f"{_share(last)}. The table below has every check."
    )
    return chart("checks", text, stamp=f"{last.taken:%Y%m%d%H%M%S}")
