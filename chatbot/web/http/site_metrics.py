"""What is counted of a site: an interface, so that a server without metrics loads no library for them."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from starlette.types import ASGIApp

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal
    from chatbot.web.http.answer_and_record import AnswerService

__all__ = ["NoMetrics", "SiteMetrics"]


class SiteMetrics(Protocol):
    """Takes what happens on a site; any thread may call it."""

    def watch(self, bot: "Chatbot", answers: "AnswerService", journal: "Journal | None", index: Path | None) -> None:
        """Take what is read at each scrape; `index` is the folder of the builds."""

    def answered(self, outcome: str, seconds: float) -> None:
        """Count an answer."""

    def refused(self, reason: str) -> None:
        """Count a refusal; there are few reasons."""

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """Return an application that counts the responses of another one."""


class NoMetrics:
    """Counts nothing."""

    def watch(self, bot: "Chatbot", answers: "AnswerService", journal: "Journal | None", index: Path | None) -> None:
        """Look at nothing."""

    def answered(self, outcome: str, seconds: float) -> None:
        """Count nothing."""

    def refused(self, reason: str) -> None:
        """Count nothing."""

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """Return the application itself."""
        return app
