"""The building blocks of the console's tabs: notices, tables, lists of the journal, and how events are wired."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import wraps
from typing import Any, Final, Protocol, TypeAlias

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from chatbot.errors import FootnoteError
from chatbot.web.http.markup import escape

__all__ = [
    "NO_VALUE",
    "Changes",
    "Layout",
    "RecordList",
    "caution",
    "cautions",
    "chosen_row",
    "counted",
    "filled_table",
    "hidden",
    "last_cell",
    "machine_text",
    "notice",
    "or_show_error",
    "period",
    "remark",
    "say",
    "status_line",
    "step_counter",
    "text_table",
    "warn",
    "wire",
]

Changes: TypeAlias = dict[Block, Any]
"""What a handler returns: a new value, or a `gr.update`, for each component that changes."""

NO_VALUE: Final = "–"  # noqa: RUF001 -- the dash of an empty cell
_CONCURRENT: Final = 8  # events of the console
_STATE_LIFE: Final = 1800  # seconds that a closed page's rows stay in memory
_PERIODS: Final = [("7 days", 7), ("30 days", 30), ("90 days", 90)]


def wire(
    trigger: Callable[..., Any],
    handler: Callable[..., Changes],
    inputs: Sequence[Component] | AbstractSet[Component],
    outputs: Sequence[Block],
    progress: Component | None = None,
) -> Callable[..., object]:
    """Wire a handler to an event of the console, and return the trigger of what follows it.

    A handler whose inputs are a set takes their values by component, others as arguments in their order.
    Handlers with a `progress` component show there how far they are, and run one at a time.
    """
    wired: gr.events.Dependency = trigger(
        handler,
        set(inputs) if isinstance(inputs, AbstractSet) else list(inputs),
        list(outputs),
        show_progress="full" if progress else "hidden",
        show_progress_on=progress,
        api_visibility="private",
        concurrency_limit=1 if progress else _CONCURRENT,
        concurrency_id="long work" if progress else "staff",
    )
    then: Callable[..., object] = wired.then
    return then


def or_show_error(handler: Callable[..., Changes], place: gr.Textbox) -> Callable[..., Changes]:
    """Wrap a handler so that an error that it raises on purpose is shown in a notice and changes nothing else."""

    @wraps(handler)
    def shown(*values: object) -> Changes:
        try:
            return handler(*values)
        except FootnoteError as error:
            return {place: warn(str(error))}

    return shown


class Layout:
    """The components of a tab as attributes; a subclass lays them out when it is made."""

    @property
    def all(self) -> list[Block]:
        """Return every component, for the outputs of the tab's events."""
        return [part for part in vars(self).values() if isinstance(part, Block)]


class Records(Protocol):
    """Records of the journal that a `RecordList` shows, a row each."""

    @property
    def rows(self) -> tuple[Any, ...]:
        """Return the rows in the order of the table."""
        ...


class RecordList(Layout):
    """A list of the journal's records: a summary, a choice, a table, and a panel with the row that is open."""

    def __init__(self, name: str, noun: str, columns: Mapping[str, str], label: str) -> None:
        """Lay out the list; `name` begins the elements' ids, and a tab adds its own parts to `detail`."""
        self.summary = status_line("Where things stand", f"{name}-summary")
        self.choice = gr.Dropdown([], label=f"Open a {noun} (or choose its row)", value=None, elem_id=f"{name}-choice")
        self.notice = notice(f"{name}-notice")
        self.detail = gr.Column(visible=False, elem_id=f"{name}-panel")
        with self.detail:
            self.heading = status_line(noun.capitalize(), f"{name}-heading")
        self.table = text_table(columns, label, f"{name}-list", visible=False)
        self.records = gr.State(None, time_to_live=_STATE_LIFE)
        self.opened = gr.State(None, time_to_live=_STATE_LIFE)  # what the row in the panel is known by

    def wire_rows(self, open_row: Callable[[Any], Changes], others: Sequence[Block] = ()) -> None:
        """Open the row that is clicked, or chosen in the dropdown, with what `open_row` returns for it.

        `others` are the components outside of this layout that `open_row` changes too.
        """

        def choose(place: int | None, records: Records | None) -> Changes:
            if records is None or place is None or not 0 <= place < len(records.rows):
                return {self.opened: None, self.detail: gr.update(visible=False)}
            return {self.detail: gr.update(visible=True), self.notice: hidden(), **open_row(records.rows[place])}

        def click(event: gr.SelectData, records: Records | None) -> Changes:
            place = chosen_row(event)
            return {self.choice: place, **choose(place, records)}

        parts = [*self.all, *others]
        wire(self.table.select, click, [self.records], parts)
        wire(self.choice.input, choose, [self.choice, self.records], parts)

    def show(
        self,
        records: Records | None,
        summary: str,
        names: Sequence[str] = (),
        cells: Sequence[Sequence[str]] = (),
    ) -> Changes:
        """Fill the list with records, by their names in the dropdown and their cells in the table."""
        choices = [(name, place) for place, name in enumerate(names)]
        return {
            self.records: records,
            self.opened: None,
            self.summary: summary,
            self.choice: gr.update(choices=choices, value=None),
            self.detail: gr.update(visible=False),
            self.table: filled_table(cells),
        }


def period(name: str) -> gr.Radio:
    """Return the choice of how many days to look back."""
    return gr.Radio(_PERIODS, value=30, label="Asked in the last", elem_id=name)


def status_line(label: str, name: str, value: str = "", max_lines: int = 8) -> gr.Textbox:
    """Return a line of text, or some lines, that only the server writes."""
    return gr.Textbox(
        value=value,
        label=label,
        show_label=False,
        interactive=False,
        container=False,
        max_lines=max_lines,
        elem_id=name,
        elem_classes="line",
    )


def text_table(columns: Mapping[str, str], label: str, name: str, *, visible: bool = True) -> gr.Dataframe:
    """Return a table of plain texts that only the server writes; `columns` maps headers to widths."""
    return gr.Dataframe(
        headers=list(columns),
        column_widths=list(columns.values()),
        value=[],
        type="array",
        datatype="str",
        label=label,
        interactive=False,
        wrap=True,
        visible=visible,
        buttons=[],
        elem_id=name,
    )


def machine_text(name: str) -> gr.Textbox:
    """Return a text that nobody sees, by which the page's own script and the server exchange values."""
    return gr.Textbox(show_label=False, container=False, lines=2, elem_id=name, elem_classes="machine")


def filled_table(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Fill a table; without rows it is hidden."""
    return gr.update(value=list(rows), visible=bool(rows))


def notice(name: str, text: str = "", label: str = "What happened", *classes: str) -> gr.Textbox:
    """Return the box that says in place what happened; it is hidden while it is empty."""
    return gr.Textbox(
        value=text,
        label=label,
        show_label=False,
        interactive=False,
        visible=bool(text),
        container=False,
        max_lines=24,
        elem_id=name,
        elem_classes=["notice", *classes],
    )


def caution(name: str) -> gr.Textbox:
    """Return the box for what needs attention; it is hidden while there is nothing."""
    return notice(name, "", "Needs attention", "caution")


def cautions(sentences: Iterable[str]) -> dict[str, Any]:
    """Show sentences in a `caution`, a line each; without any, it is hidden."""
    text = "\n".join(f"⚠ {sentence}" for sentence in sentences if sentence)
    return gr.update(value=text, visible=bool(text))


def chosen_row(event: gr.SelectData) -> int | None:
    """Return the place of the row that was clicked in a table."""
    place = event.index[0] if isinstance(event.index, list) else event.index
    return place if isinstance(place, int) else None


def last_cell(event: gr.SelectData) -> str:
    """Return the last cell of the row that was clicked in a table, which holds the row's id."""
    values = event.row_value
    return str(values[-1]) if isinstance(values, list) and values else ""


def step_counter(progress: gr.Progress, what: str, unit: str) -> Callable[[int, int], None]:
    """Return a callback that shows how many units are done, of how many."""

    def show(done: int, of: int) -> None:
        progress((done, max(of, 1)), desc=what, unit=unit)

    return show


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, as in "1,200 questions"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def say(text: str) -> dict[str, Any]:
    """Say that something was done, in a toast and in a notice."""
    gr.Info(escape(text), title="Done", duration=6)
    return _shown(text, "done")


def warn(text: str) -> dict[str, Any]:
    """Say that something was not done, in a toast and in a notice."""
    gr.Warning(escape(text), title="Not done", duration=10)
    return _shown(text, "not-done")


def remark(text: str) -> dict[str, Any]:
    """Say in a notice what is neither good nor bad news."""
    return _shown(text)


def _shown(text: str, *classes: str) -> dict[str, Any]:
    return gr.update(value=text, visible=True, elem_classes=["notice", *classes])


def hidden() -> dict[str, Any]:
    """Empty a notice and hide it."""
    return gr.update(value="", visible=False)
