"""How the console tells its users what happened: in a toast that is read out, and in place as long as it matters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from chatbot.errors import FootnoteError
from chatbot.web.http.markup import escape

__all__ = [
    "caution",
    "cautions",
    "chosen_row",
    "hidden",
    "last_cell",
    "notice",
    "or_show_error",
    "say",
    "showing",
    "status_line",
    "text_table",
    "warn",
    "wire",
]

_AT_ONCE: Final = 8  # events of the console


def wire(
    trigger: Callable[..., Any],
    do: Callable[..., object],
    inputs: Sequence[Component],
    outputs: Sequence[Block],
    progress: Component | None = None,
) -> Callable[..., object]:
    """Wire an event of the console, and return the trigger of what follows it.

    `do` returns a list, a value for each output; for one output, the value itself. One that takes long shows in a
    component how far it is, and they take turns.
    """
    wired: gr.events.Dependency = trigger(
        do,
        list(inputs),
        list(outputs),
        show_progress="full" if progress else "hidden",
        show_progress_on=progress,
        api_visibility="private",
        concurrency_limit=1 if progress else _AT_ONCE,
        concurrency_id="long work" if progress else "staff",
    )
    then: Callable[..., object] = wired.then
    return then


def status_line(label: str, name: str) -> gr.Textbox:
    """Give a line of text that only the server writes."""
    return gr.Textbox(
        label=label,
        show_label=False,
        interactive=False,
        container=False,
        max_lines=8,
        elem_id=name,
        elem_classes="line",
    )


def text_table(columns: Mapping[str, str], label: str, name: str, *, visible: bool = True) -> gr.Dataframe:
    """Give a table of plain texts that only the server writes, by the headers of its columns and their widths."""
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


def notice(name: str, said: str = "") -> gr.Textbox:
    """Give the box that says in place what happened; it is hidden while there is nothing to say."""
    return gr.Textbox(
        value=said,
        label="What happened",
        show_label=False,
        interactive=False,
        visible=bool(said),
        container=False,
        max_lines=8,
        elem_id=name,
        elem_classes="notice",
    )


def caution(name: str) -> gr.Textbox:
    """Return the box for what somebody has to look after; it is hidden while there is nothing."""
    return gr.Textbox(
        label="To look after",
        show_label=False,
        interactive=False,
        visible=False,
        container=False,
        max_lines=24,
        elem_id=name,
        elem_classes="notice caution",
    )


def cautions(sentences: Iterable[str]) -> dict[str, Any]:
    """Show sentences in a `caution`, a line each; without any, it is hidden."""
    text = "\n".join(f"⚠ {one}" for one in sentences if one)
    return gr.update(value=text, visible=bool(text))


def chosen_row(event: gr.SelectData) -> int | None:
    """Give the place of the row that was clicked in a table."""
    place = event.index[0] if isinstance(event.index, list) else event.index
    return place if isinstance(place, int) else None


def last_cell(event: gr.SelectData) -> str:
    """Give the last cell of the row that was clicked in a table, where lists keep what a row is known by."""
    values = event.row_value
    return str(values[-1]) if isinstance(values, list) and values else ""


def showing(progress: gr.Progress, what: str, unit: str) -> Callable[[int, int], None]:
    """Give what shows how many of the units are done, of how many."""

    def show(done: int, of: int) -> None:
        progress((done, max(of, 1)), desc=what, unit=unit)

    return show


def say(text: str) -> dict[str, Any]:
    """Tell that something was done, in a toast and in a notice."""
    gr.Info(escape(text), title="Done", duration=6)
    return gr.update(value=text, visible=True)


def warn(text: str) -> dict[str, Any]:
    """Tell that something was not done, in a toast and in a notice."""
    gr.Warning(escape(text), title="Not done", duration=10)
    return gr.update(value=text, visible=True)


def hidden() -> dict[str, Any]:
    """Empty a notice and hide it."""
    return gr.update(value="", visible=False)


def or_show_error(others: int, do: Callable[[], list[object]]) -> list[object]:
    """Do something and give what it gives; where it is refused, give the notice that says why and leave the others."""
    try:
        return do()
    except FootnoteError as error:
        return [warn(str(error)), *(gr.skip() for _ in range(others))]
