"""A real site on a loopback port, whose pages a test writes, and which remembers what was asked of it."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from chatbot.crawling import Crawl, CrawlOptions, CrawlReport

OPTIONS = {"pause": 0.0, "private": True}


def apply(crawl: Crawl, corpus: Path) -> None:
    """Write what a crawl found into a corpus."""
    for folder, changes in crawl.changes.items():
        changes.apply_to(corpus / folder)
    for name, text in crawl.remembered().items():
        (corpus / name).write_text(text, "utf-8")


@dataclass
class Reply:
    """What the site answers for one path; a `stream` writes the body itself."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stream: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class Site:
    """A site: path -> reply; `asked` are the paths that were asked for, `headers` those of the last request of each."""

    address: str = ""
    pages: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def page(self, path: str, body: str = "", *, title: str = "", head: str = "", **headers: str) -> None:
        """Put a page on the site."""
        title = title or path
        html = f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body or title}</body></html>"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Reply(html.encode(), headers={"Content-Type": "text/html; charset=utf-8"} | named)

    def text(self, path: str, body: str, media_type: str = "text/plain", status: int = 200, **headers: str) -> None:
        """Put any text on the site."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Reply(body.encode(), status, {"Content-Type": media_type} | named)

    def redirect(self, path: str, to: str, status: int = 301) -> None:
        """Let a path lead to another address, which may hold any letter, as some sites send it."""
        self.pages[path] = Reply(status=status, headers={"Location": to.encode().decode("latin-1")})

    def sitemap(self, *paths: str, path: str = "/sitemap.xml", packed: bool = False) -> None:
        """Put a sitemap on the site."""
        links = "".join(f"<url><loc>{self.address}{name}</loc></url>" for name in paths)
        xml = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{links}</urlset>'
        self.pages[path] = Reply(gzip.compress(xml.encode()) if packed else xml.encode())

    def crawl(self, corpus: Path, **options: object) -> CrawlReport:
        """Crawl the site and apply what was found."""
        with Crawl(self.address, corpus, CrawlOptions(**{**OPTIONS, **options})) as crawl:  # type: ignore[arg-type]  # as the test names them
            report = crawl.run()
            apply(crawl, corpus)
        return report

    def folder(self, corpus: Path) -> Path:
        """Return the folder of the site's pages in a corpus."""
        return corpus / self.address.removeprefix("http://").replace(":", "-")

    def names(self, corpus: Path) -> list[str]:
        """Return the names of the site's pages in a corpus."""
        folder = self.folder(corpus)
        return sorted(path.name for path in folder.iterdir() if path.suffix != ".yaml" and path.name != ".crawl.json")

    def paths(self, addresses: tuple[str, ...]) -> list[str]:
        """Return the paths of addresses of the site."""
        return [address.removeprefix(self.address) for address in addresses]


def handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet, or the client waits for its own acknowledgement

        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.headers[self.path] = dict(self.headers)
            reply = site.pages.get(self.path, Reply(b"<title>Nothing here</title>", 404, {"Content-Type": "text/html"}))
            if reply.stream:
                reply.stream(self)
                self.close_connection = True
                return
            tag = reply.headers.get("ETag")
            fresh = bool(tag) and self.headers.get("If-None-Match") == tag
            self.send_response(304 if fresh else reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0" if fresh else str(len(reply.body)))
            self.end_headers()
            if not fresh:
                self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def serving_site() -> Iterator[Site]:
    """Serve a site without pages on a free port."""
    site = Site()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(site)) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        site.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield site
        server.shutdown()
