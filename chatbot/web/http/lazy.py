"""A part of the application that is built when it is first asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from anyio import Event, create_task_group, to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["LazyPart", "Lifespan", "Part"]

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]

Part = tuple[ASGIApp, Lifespan]
"""An application and its lifespan."""


class LazyPart:
    """Builds a part at its first request, on a worker thread, because Gradio's pages take most of a second.

    Requests are passed on while its own lifespan runs.
    """

    def __init__(self, build: Callable[[], Part]) -> None:
        self._build = build
        self._wanted = asyncio.Event()
        self._built: asyncio.Future[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the part; raise what building it raised."""
        if self._built is None:
            self._built = asyncio.get_running_loop().create_future()
            self._wanted.set()
        part = await asyncio.shield(self._built)  # of several that wait, one may leave
        await part(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        """Keep the part, once it is built, until the application ends."""
        ended = Event()
        async with create_task_group() as tasks:
            tasks.start_soon(self._keep, app, ended)
            yield
            ended.set()
            self._wanted.set()

    async def _keep(self, app: object, ended: Event) -> None:
        await self._wanted.wait()
        if self._built is None:
            return
        try:
            part, lifespan = await to_thread.run_sync(self._build_in_loop)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the requests that wait for the part raise it
            self._built.set_exception(error)
            return
        async with lifespan(app):
            self._built.set_result(part)
            await ended.wait()

    def _build_in_loop(self) -> Part:
        """Build the part inside a running event loop: outside of one, Gradio opens loops and never closes them."""

        async def build() -> Part:
            return self._build()

        return asyncio.run(build())
