"""The panel Signed off: the lists and the wording to read, who signed them, and the form to sign."""

from typing import TYPE_CHECKING, Any, Final

import gradio as gr

from chatbot import __version__
from chatbot.errors import ChangeRefused, FootnoteError
from chatbot.staff import lists_digest, signed_lists
from chatbot.web.console.components import caution, cautions, notice, or_show_error, say, status_line, text_table, wire
from chatbot.web.console.current_user import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices

if TYPE_CHECKING:
    from gradio.components import Component

__all__ = ["signing"]

_COLUMNS: Final = {
    "When (UTC)": "150px",
    "Who": "200px",
    "Role": "200px",
    "Account": "130px",
    "Footnote": "100px",
    "Digest": "150px",
}
_ABOUT: Final = """## Signed off

A clinician of the clinic reads the lists and the wording that decide what is urgent, and signs them with their name.
Whenever one of them changes, by an update of Footnote or here, it has to be signed anew."""
_SHORT: Final = 12  # digits of a digest


def signing(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the panel and wire it to the sign-offs of a house."""
    do = _Panel(services)
    with gr.Column(elem_id="signing-panel"):
        gr.Markdown(_ABOUT)
        warning = caution("signing-warning")
        state = status_line("What is signed", "signing-state")
        choice = gr.Dropdown([], label="Read a list", value=None, elem_id="signing-choice")
        text = gr.Textbox(
            label="As it is now", interactive=False, visible=False, lines=12, max_lines=24, elem_id="signing-text"
        )
        with gr.Row(elem_classes="bar for-editors"):
            name = gr.Textbox(label="Name", max_lines=1, elem_id="signing-name")
            role = gr.Textbox(label="Role", placeholder="Lead nurse", max_lines=1, elem_id="signing-role")
        read = gr.Checkbox(
            False, label="I have read the lists and the wording", elem_id="signing-read", elem_classes="for-editors"
        )
        sign = gr.Button("Sign off", variant="primary", elem_id="signing-sign", elem_classes="for-editors")
        told = notice("signing-told")
        seen = gr.State("")  # digest of the lists as this page shows them
        table = text_table(_COLUMNS, "Sign-offs, newest first", "signing-list", visible=False)
    shown: list[Component] = [warning, state, choice, table, seen]
    wire(tab.select, do.show, [], shown)
    wire(choice.input, do.read, [choice], [text])
    wire(sign.click, do.sign, [name, role, read, seen], [told, read, *shown])


class _Panel:
    """What the panel's events do."""

    def __init__(self, services: ConsoleServices) -> None:
        self._house = services

    def show(self) -> list[object]:
        """Say whether the lists are signed as they are, by whom, and what changed since."""
        clinic, sign_offs = self._house.bot.clinic, self._house.sign_offs
        names = list(signed_lists(clinic))
        try:
            signed, warning, changed = sign_offs.all(), sign_offs.warning(clinic), sign_offs.changed(clinic)
        except FootnoteError as error:
            return [cautions([str(error)]), "", gr.update(choices=names), gr.skip(), ""]
        since = f" Changed since: {', '.join(changed)}." if signed and changed else ""
        rows = [
            [f"{one.signed:%Y-%m-%d %H:%M}", one.name, one.role, one.account, one.version, one.digest[:_SHORT]]
            for one in signed
        ]
        digest = lists_digest(clinic)
        state = f"{len(names)} lists, digest {digest[:_SHORT]}, Footnote {__version__}.{since}"
        if signed and not warning:
            state = f"Signed off by {signed[0].name}, {signed[0].role}. {state}"
        return [
            cautions([warning]),
            state,
            gr.update(choices=names),
            gr.update(value=rows, visible=bool(rows)),
            digest,
        ]

    def read(self, name: str | None) -> dict[str, Any]:
        """Show a list as it is now."""
        text = signed_lists(self._house.bot.clinic).get(name or "", "")
        return gr.update(value=text, visible=bool(text))

    @editors_only
    def sign(self, name: str, role: str, read: bool, seen: str, request: gr.Request) -> list[object]:
        """Keep that somebody signs the lists as they are now."""
        account = require_editor(request)

        def signed() -> list[object]:
            if not read:
                raise ChangeRefused("Read the lists and the wording first, and tick that you have.")
            clinic = self._house.bot.clinic
            if seen != lists_digest(clinic):
                raise ChangeRefused("The lists changed while you read them: open this tab anew and look at them again.")
            one = self._house.sign_offs.sign(account.name, name, role, clinic)
            return [say(f"Signed off by {one.name}, {one.role}."), False, *self.show()]

        return or_show_error(6, signed)
