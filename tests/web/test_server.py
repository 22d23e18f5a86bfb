"""The server process: its socket."""

import asyncio
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from chatbot.web.server import listen


async def sends_at_once(address: socket.socket) -> bool:
    """Serve on an address, and return whether an accepted connection has Nagle's algorithm off."""
    server = uvicorn.Server(
        uvicorn.Config(PlainTextResponse("here"), log_config=None, log_level="critical", ws="none", lifespan="off")
    )
    serving = asyncio.create_task(server.serve(sockets=[address]))
    host, port = address.getsockname()[:2]
    async with httpx.AsyncClient(timeout=20) as client:
        assert (await client.get(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")).text == "here"
        (connection,) = server.server_state.connections
        assert connection.transport
        end: socket.socket = connection.transport.get_extra_info("socket")
        no_delay = bool(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    server.should_exit = True
    await serving
    return no_delay


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_response_does_not_wait_for_the_clients_acknowledgement(host: str) -> None:
    if ":" in host and not socket.has_dualstack_ipv6():
        pytest.skip("there is no IPv6 here")
    address = listen(host, 0)
    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, sends_at_once(address)).result()


def test_the_ipv6_wildcard_takes_ipv4_too() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("there is no IPv6 here")
    with listen("::", 0) as server:
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, server.getsockname()[1]), timeout=5).close()


def test_a_server_beside_others_refuses_visitors_until_it_is_ready() -> None:
    address = listen("127.0.0.1", 0, at_once=False)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address.getsockname(), timeout=5)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, sends_at_once(address)).result()


def test_a_temporary_folder_of_another_user_is_not_touched(tmp_path: Path) -> None:
    theirs = tmp_path / "gradio"
    theirs.write_text("whatever is made in here fails")  # as a folder of another user does, also for root
    serve = "import asyncio, gradio; from chatbot.web.http.gradio_app import gradio_app\n"
    serve += "async def build(): gradio_app(gradio.Blocks(), 1)\nasyncio.run(build())"
    environ = {name: value for name, value in os.environ.items() if name != "GRADIO_TEMP_DIR"}
    subprocess.run(
        [sys.executable, "-c", f"import chatbot.web; {serve}"], env={**environ, "TMPDIR": str(tmp_path)}, check=True
    )
    assert list(tmp_path.iterdir()) == [theirs]
