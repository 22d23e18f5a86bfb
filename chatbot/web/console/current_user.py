"""Whose request an event of the console is, as the guard before Gradio found out."""

from collections.abc import Callable
from typing import Final, TypeVar

import gradio as gr

from chatbot.staff import Account, Role

__all__ = ["ACCOUNT", "REVALIDATE", "editors_only", "is_for_editors", "require_editor", "signed_in"]

ACCOUNT: Final = "staff_account"
"""The name in a request's state under which the guard leaves the account."""

REVALIDATE: Final = "staff_still"
"""The name under which it leaves what asks for the account again: an event may wait while somebody signs out."""

_Event = TypeVar("_Event", bound=Callable[..., object])
_MARK: Final = "footnote_editors_only"


def signed_in(request: gr.Request) -> Account:
    """Give the account that an event comes from; raises `gr.Error` if there is none, or none any more."""
    still = getattr(request.request.state, REVALIDATE, None) if request.request else None
    account = still() if callable(still) else None
    if not isinstance(account, Account):
        raise gr.Error("You are signed out. Load the page again to sign in.", print_exception=False)
    return account


def require_editor(request: gr.Request) -> Account:
    """Give the editor that an event comes from; raises `gr.Error` in plain words for anybody else."""
    account = signed_in(request)
    if account.role is not Role.EDITOR:
        raise gr.Error(
            "Your account may look at everything and change nothing. Ask an editor to make this change.",
            print_exception=False,
        )
    return account


def editors_only(event: _Event) -> _Event:
    """Mark an event so that the guard refuses it to readers before it reaches Gradio; it asks `require_editor` too."""
    setattr(event, _MARK, True)
    return event


def is_for_editors(event: object) -> bool:
    """Tell whether an event, or the method or function behind a partial, was marked."""
    return bool(getattr(event, _MARK, False) or getattr(getattr(event, "func", None), _MARK, False))
