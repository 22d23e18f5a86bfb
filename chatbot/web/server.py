"""The server process."""

import logging
import socket
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

import uvicorn
from fastapi import APIRouter
from starlette.types import ASGIApp

from chatbot.bot import Chatbot
from chatbot.errors import SettingsError
from chatbot.journal import Journal
from chatbot.settings import Settings
from chatbot.web.application import create_app
from chatbot.web.http import connections
from chatbot.web.http.connections import (
    ConnectionLimits,
    ConnectionTable,
    RepeatFilter,
    bounded_protocol,
    with_mapped,
)
from chatbot.web.http.site_metrics import NoMetrics

if TYPE_CHECKING:
    from chatbot.web.http.metrics import Metrics

__all__ = ["build_server", "listen", "run", "serve"]

_SHUTDOWN_TIMEOUT: Final = (
    5  # seconds; then open pages are cut off, because the stream of a chat page never ends by itself
)
_SWITCH_INTERVAL: Final = 0.0002  # seconds; at Python's 5 ms, small requests wait while a question is answered
_BACKLOG: Final = 2048  # connections that wait in the kernel, as uvicorn has it
_ACCEPTED_AT_ONCE: Final = 32  # a fraction of the most connections: that many are accepted before old ones are closed
_QUIET_LOGGERS: Final = ("uvicorn.error", "asyncio", connections.__name__)
"""Loggers of which strangers could write endless lines: malformed requests, accept errors, closed connections."""


def listen(host: str, port: int, *, at_once: bool = True) -> socket.socket:
    """Bind an address to serve on; raises `SettingsError` where it cannot be bound.

    With `at_once`, visitors who come before the server is ready wait for it. Without, they are refused until then, so
    that a proxy asks another server.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on: each further response of a connection then waits 40 ms for
    # the client's delayed acknowledgement.
    server = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # On Linux, `::` would take IPv6 alone, although hosting platforms name it for both.
            both = host == "::" and socket.has_dualstack_ipv6()
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not both)
        server.bind((host, port))
        if at_once:
            server.listen()
    except (OSError, UnicodeError) as error:
        server.close()
        raise SettingsError(
            f"Footnote cannot listen on {host}, port {port}: {error}. "
            "Set FOOTNOTE_HOST and FOOTNOTE_PORT to a free one."
        ) from error
    return server


def serve(  # noqa: PLR0913 - what is there before a server
    bot: Chatbot,
    journal: Journal | None,
    settings: Settings | None,
    address: socket.socket,
    more_routes: Iterable[APIRouter] = (),
    *,
    metrics: "Metrics | None" = None,
) -> None:
    """Serve the web application of a bot until the process is asked to stop."""
    proxies = settings.trusted_proxies if settings else ()
    site_metrics = metrics.site() if metrics else NoMetrics()
    run(partial(create_app, bot, journal, settings, more_routes, site_metrics=site_metrics), proxies, address, metrics)


def run(
    create: Callable[[], ASGIApp],
    trusted_proxies: Iterable[str],
    address: socket.socket,
    metrics: "Metrics | None" = None,
) -> None:
    """Serve the application that `create` returns until the process is asked to stop.

    It is built inside the running event loop, because Gradio otherwise opens loops that it never closes.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)
    build_server(create, trusted_proxies, metrics=metrics).run(sockets=[address])


def build_server(
    create: Callable[[], ASGIApp],
    trusted_proxies: Iterable[str] = (),
    limits: ConnectionLimits | None = None,
    metrics: "Metrics | None" = None,
) -> uvicorn.Server:
    """Build a server of the application that `create` returns; without limits, they follow from the open files."""
    proxies = tuple(trusted_proxies)
    limits = limits or ConnectionLimits.for_open_files()
    connections_open = ConnectionTable(limits, proxies)
    if metrics:
        metrics.watch_connections(lambda: len(connections_open))
    config = uvicorn.Config(
        create,
        factory=True,
        http=bounded_protocol(connections_open),
        ws="none",  # nothing here speaks WebSocket
        log_config=None,  # its lines go the way of all others
        log_level="warning",
        server_header=False,
        # Only named proxies may say who the visitor is. By default uvicorn believes any program on this machine.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=with_mapped(proxies),
        backlog=max(limits.total // _ACCEPTED_AT_ONCE, 1),
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
    )
    for name in _QUIET_LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, RepeatFilter) for known in logger.filters):
            logger.addFilter(RepeatFilter())
    return _Server(config)


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, with a short loop of accepting and yet a long queue.

        asyncio takes both from one number. A burst that it accepts in one go could use up all files.
        """
        await super().startup(sockets)
        for listening in sockets or ():
            listening.listen(_BACKLOG)
