"""How long `footnote try` takes until its first cited answer, on a site of sixty pages made as clinics make them.

python -m benchmarks.try_site [pages]

The pages are those of the made-up clinics in training/sites, rendered with a menu, a cookie banner, a sidebar and a
footer, and with what real sites have besides: links with tracking parameters, print versions, dead links, a calendar
without end, two sitemaps, a robots.txt.
"""

import html
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

from markdown_it import MarkdownIt

ROOT: Final = Path(__file__).parents[1]
_SITES: Final = ("skin-aesthetics", "dental-group", "eye-clinic", "hand-surgery", "sleep-clinic", "podiatry")
_LIMIT: Final = 180.0  # seconds until the first cited answer

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} | Harbour Clinic</title>
<link rel="canonical" href="{address}"><meta name="viewport" content="width=device-width">
<style>.hidden{{display:none}}</style><script>window.dataLayer=[]</script></head><body>
<div class="cookie-banner" role="dialog">We use cookies to make this site better. <button>Accept all</button></div>
<header><a href="/?utm_source=logo">Harbour Clinic</a><nav><ul>{menu}</ul></nav></header>
<nav aria-label="Breadcrumb"><a href="/">Home</a> &gt; {title}</nav>
<main><article>{body}</article></main>
<aside><h3>Book a consultation</h3><p>Call us or <a href="/contact-us/">write to us</a>.</p>
<a href="{path}?print=1">Print this page</a> <a href="/events/?month=1" rel="nofollow">Events</a></aside>
<footer><p>Harbour Clinic, 2 Quay Street. All rights reserved.</p><a href="/privacy/">Privacy</a>
<a href="/old-offer/">Offer</a> <a href="https://social.example/harbour">Follow us</a></footer></body></html>"""


def clinic_pages(origin: str, number: int) -> Mapping[str, tuple[str, bytes]]:
    """Return the files of a site: path -> media type, content; `number` counts its pages of text."""
    pages = dict(_texts(number))
    menu = "".join(f'<li><a href="{path}">{html.escape(title)}</a></li>' for path, (title, _) in [*pages.items()][:12])
    files: dict[str, tuple[str, bytes]] = {}
    for path, (title, body) in pages.items():
        shown = html.escape(title)
        page = _PAGE.format(title=shown, address=origin + path, path=path, menu=menu, body=body)
        files[path] = ("text/html; charset=utf-8", page.encode())
    paths = [*pages]
    links = "".join(f'<li><a href="{path}">{html.escape(pages[path][0])}</a></li>' for path in paths)
    home = _PAGE.format(
        title="Home", address=origin + "/", path="/", menu=menu, body=f"<h1>Welcome</h1><ul>{links}</ul>"
    )
    files["/"] = ("text/html; charset=utf-8", home.encode())
    halves = {"/pages-1.xml": paths[::2], "/pages-2.xml": paths[1::2]}
    for name, part in halves.items():
        files[name] = ("text/xml", _urlset(origin, part))
    maps = "".join(f"<sitemap><loc>{origin}{name}</loc></sitemap>" for name in halves)
    files["/sitemap.xml"] = ("text/xml", f"<sitemapindex>{maps}</sitemapindex>".encode())
    files["/robots.txt"] = (
        "text/plain",
        f"User-agent: *\nDisallow: /wp-admin/\nSitemap: {origin}/sitemap.xml".encode(),
    )
    return files


def _texts(number: int) -> "dict[str, tuple[str, str]]":
    """Return the pages of text: path -> title, HTML of the body."""
    found: dict[str, tuple[str, str]] = {}
    markdown = MarkdownIt("commonmark").enable("table")
    for site in _SITES:
        for path in sorted((ROOT / "training" / "sites" / site / "corpus").glob("*.md")):
            text = path.read_text("utf-8")
            title = re.sub(r"^#+ *", "", text.strip().splitlines()[0])
            found[f"/{site}/{path.stem}/"] = (title, markdown.render(text))
            if len(found) == number:
                return found
    return found


def _urlset(origin: str, paths: list[str]) -> bytes:
    links = "".join(f"<url><loc>{origin}{path}</loc><lastmod>2026-11-01</lastmod></url>" for path in paths)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{links}</urlset>'.encode()


def serve_site(number: int) -> "tuple[ThreadingHTTPServer, str]":
    """Serve such a site on a free loopback port; return the server and the site's address."""
    files: dict[str, tuple[str, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            kind, content = files.get(self.path, ("text/html", b"<title>Page not found</title>"))
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    files.update(clinic_pages(address, number))
    Thread(target=server.serve_forever, daemon=True).start()
    return server, address


def main() -> int:
    """Run `footnote try` once and print when its first cited answer came."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    server, address = serve_site(number)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "chatbot", "try", address, "--allow-private"]
    began, first = time.monotonic(), None
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"FOOTNOTE_PORT": port}, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            print(f"{time.monotonic() - began:6.1f} s  {line}", end="")
            if line.startswith("First answer"):
                first = time.monotonic() - began
            if line.startswith("Pages without a title") or "Topics that the pages do not answer" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    server.shutdown()
    print(f"First cited answer after {first or float('nan'):.1f} s of {_LIMIT:.0f}, on {os.cpu_count()} cores.")
    return 0 if first is not None and first <= _LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
