"""The command for an assistant on this machine: mcp."""

import argparse
import logging
from collections.abc import Callable

from chatbot.errors import FootnoteError
from chatbot.settings import Settings

__all__ = ["add_mcp_command"]

_LOG = logging.getLogger(__name__)


def add_mcp_command(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parser of this command."""
    mcp = add_command("mcp", help="serve the pages to an assistant over standard input and output (MCP)")
    mcp.add_argument(
        "--server", default="", metavar="URL", help="public address of the server, for links to pages that it shows"
    )
    mcp.set_defaults(run=_mcp)


def _mcp(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal
    from chatbot.web.visitor.mcp_server import serve_stdio

    bot = Chatbot.open(settings)
    root = f"{options.server.rstrip('/')}/" if options.server else ""

    def follow() -> None:
        try:
            bot.follow()
        except FootnoteError as error:
            _LOG.warning("Still serving build %s: %s", bot.build, error)

    serve_stdio(bot, Journal.open(settings.journal, settings.retention), root, follow)
