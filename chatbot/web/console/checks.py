"""The Check tab: the golden questions asked, beside the last time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import gradio as gr
from gradio.components import Component

from chatbot.errors import FootnoteError
from chatbot.staff import CheckReport, Differences, Verdict, differences
from chatbot.web.console.chart_routes import drawing
from chatbot.web.console.components import notice, or_show_error, say, showing, status_line, text_table, warn, wire
from chatbot.web.console.current_user import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices

__all__ = ["checks"]

_FIGURES: Final = (
    ("first", "Right passage found first"),
    ("in_three", "Right passage among the first three"),
    ("refused", "Refused rightly"),
    ("urgent", "Urgent rightly"),
)
_NONE: Final = "–"  # noqa: RUF001 -- a dash for nothing
_SHOWN: Final = 30  # reports
_NO_GOLDEN: Final = (
    "There is no golden question yet. Ask something in the tab Try it, and say there which passage should have "
    "answered, or that none should: each click saves one, and this tab asks them all."
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the tab is made of."""

    summary: gr.Textbox
    run: gr.Button
    told: gr.Textbox
    figures: gr.Dataframe
    flips: gr.Dataframe
    wrong: gr.Dataframe
    plot: gr.Markdown
    past: gr.Dataframe

    @property
    def all(self) -> list[Component]:
        """Give what `_Tab.show` fills."""
        return [self.summary, self.run, self.figures, self.flips, self.wrong, self.plot, self.past]


def checks(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the golden questions of a house."""
    do = _Tab(services)
    parts = _lay_out()
    wire(tab.select, do.show, [], parts.all)
    wire(parts.run.click, do.run, [], [parts.told, *parts.all], parts.told)


def _lay_out() -> _Parts:
    summary = status_line("Where things stand", "check-summary")
    with gr.Row(elem_classes="actions for-editors"):
        run = gr.Button("Check now", variant="primary", elem_id="check-run", visible=False)
    told = notice("check-told")
    flips = text_table(
        {"Question": "50%", "Now": "25%", "What that means": "25%"},
        "What changed since the time before",
        "check-flips",
        visible=False,
    )
    figures = text_table(
        {"Figure": "50%", "This time": "25%", "The time before": "25%"}, "Figures", "check-figures", visible=False
    )
    wrong = text_table(
        {"Question": "50%", "Should be": "25%", "Is": "25%"}, "Not right at present", "check-wrong", visible=False
    )
    plot = gr.Markdown(visible=False, elem_id="check-plot", elem_classes="drawing")
    past = text_table(
        {"Checked (UTC)": "34%", "Questions": "22%", "Right": "22%", "Index": "22%"},
        "All checks, latest first",
        "check-past",
        visible=False,
    )
    return _Parts(summary, run, told, figures, flips, wrong, plot, past)


class _Tab:
    """What the tab's events do."""

    def __init__(self, services: ConsoleServices) -> None:
        self._house = services

    def show(self) -> list[object]:
        """Show the latest report beside the one before."""
        try:
            golden = len(self._house.golden_file.read())
        except FootnoteError as error:
            return self._filled(str(error), False)
        if not golden:
            return self._filled(_NO_GOLDEN, False)
        if not self._house.reports.all():
            return self._filled(f"{_counted(golden)} saved, and never checked. Press the button to ask them all.", True)
        return self._filled(None, True)

    @editors_only
    def run(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> list[object]:  # noqa: B008 - Gradio looks for it there
        """Ask all golden questions and keep the report."""
        require_editor(request)

        def asked() -> list[object]:
            golden = self._house.golden_file.read()
            if not golden:
                return [warn(_NO_GOLDEN), *self.show()]
            checked = self._house.reports.run(self._house.bot, golden, showing(progress, "Asking", "questions"))
            return [say(f"Checked: {checked.right} of {_counted(len(checked.verdicts))} right."), *self.show()]

        return or_show_error(7, asked)

    def _filled(self, told: str | None, can_run: bool) -> list[object]:
        past = self._house.reports.all()
        latest, before = (past[-1] if past else None), (past[-2] if len(past) > 1 else None)
        change = differences(before, latest) if latest and before else None
        wrong = [_wrong(one) for one in latest.verdicts if not one.right] if latest else []
        shown = past[-_SHOWN:]
        return [
            told or _summary(latest, change),
            gr.update(visible=can_run),
            _table(_figures(latest, before) if latest else []),
            _table(_flips(change) if change else []),
            _table(wrong),
            gr.update(value=_plot(shown), visible=len(shown) > 1),
            _table([_past(one) for one in reversed(shown)]),
        ]


def _table(rows: Sequence[Sequence[str]]) -> dict[str, object]:
    return gr.update(value=list(rows), visible=bool(rows))


def _summary(latest: CheckReport | None, change: Differences | None) -> str:
    if latest is None:
        return ""
    told = (
        f"Last checked {latest.taken:%d %B %Y at %H:%M} UTC: {latest.right} of {_counted(len(latest.verdicts))} right."
    )
    if change is None:
        return told
    if not (change.worse or change.better):
        return f"{told} None turned out otherwise than the time before."
    return f"{told} Since the time before, {len(change.worse)} became worse and {len(change.better)} better."


def _figures(latest: CheckReport, before: CheckReport | None) -> list[list[str]]:
    rows = [["Served rightly", _share(latest), _share(before) if before else _NONE]]
    for name, said in _FIGURES:
        if latest.figures.get(name) is not None:
            rows.append([said, _percent(latest, name), _percent(before, name)])
    return [*rows, ["Milliseconds a question, median", _milliseconds(latest), _milliseconds(before)]]


def _share(one: CheckReport) -> str:
    return f"{one.right} of {len(one.verdicts)}"


def _percent(one: CheckReport | None, name: str) -> str:
    value = one.figures.get(name) if one else None
    return _NONE if value is None else f"{value:.0%}"


def _milliseconds(one: CheckReport | None) -> str:
    value = one.figures.get("median_ms") if one else None
    return _NONE if value is None else f"{value:.0f}"


def _flips(change: Differences) -> list[list[str]]:
    worse = [[one.question, one.said, "worse: look at this one"] for one in change.worse]
    return [*worse, *([one.question, one.said, "better"] for one in change.better)]


def _wrong(one: Verdict) -> list[str]:
    wanted = {"answer": "answered, by the saved passage" if one.judged else "answered", "abstain": "not answered"}
    return [one.question, wanted.get(one.expect.value, one.expect.value), one.said]


def _past(one: CheckReport) -> list[str]:
    return [f"{one.taken:%Y-%m-%d %H:%M}", str(len(one.verdicts)), str(one.right), one.build[:8]]


def _plot(shown: Sequence[CheckReport]) -> str:
    if len(shown) < 2:
        return ""
    first, last = shown[0], shown[-1]
    told = (
        f"Share of golden questions served rightly over {len(shown)} checks: from {_share(first)} to {_share(last)}. "
        "The table below has every check."
    )
    return drawing("checks", told, stamp=f"{last.taken:%Y%m%d%H%M%S}")


def _counted(number: int) -> str:
    return f"{number} golden question{'s' * (number != 1)}"
