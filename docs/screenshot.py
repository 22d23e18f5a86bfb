"""Takes the picture of the README, docs/chat.png: make screenshot."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

QUESTION = "what should I avoid afterwards?"


def main() -> None:
    """Serve the project's own corpus on a free port, ask, and take the picture."""
    root = Path(__file__).parents[1]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as index:
        environ = os.environ | {"FOOTNOTE_INDEX": index, "FOOTNOTE_PORT": str(port), "FOOTNOTE_JOURNAL": "off"}
        subprocess.run([sys.executable, "-m", "chatbot", "build"], check=True, env=environ, cwd=root)
        with subprocess.Popen([sys.executable, "app.py"], env=environ, cwd=root) as server:
            try:
                take(f"http://127.0.0.1:{port}", root / "docs" / "chat.png")
            finally:
                server.terminate()


def take(address: str, path: Path) -> None:
    """Wait for the server, ask the question and save what a visitor sees."""
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api/ready", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 900, "height": 720})
        page.goto(address)
        page.get_by_label("Your question").fill(QUESTION)
        page.keyboard.press("Enter")
        page.locator("#log mark").first.wait_for()
        page.wait_for_timeout(1000)  # so that scrolling has come to rest
        page.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    main()
