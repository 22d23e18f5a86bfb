"""What the doctor checks of the server: its proxy, and what a running one says of itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from chatbot.errors import SettingsError
from chatbot.indexing import current_or_none
from chatbot.operation.findings import Finding
from chatbot.operation.installation import Installation
from chatbot.operation.notices import PROXIES, day_seen, is_recent, read_notices
from chatbot.settings import Settings

__all__ = ["own_address", "proxy", "server", "server_answers"]

_TIMEOUT: Final = 5.0  # seconds
_LONGEST: Final = 1 << 20  # bytes of a reply that are read
_SKEW: Final = timedelta(minutes=2)
_NAME_IT: Final = "Name it in FOOTNOTE_TRUSTED_PROXIES: else all visitors behind it share one rate limit."


def proxy(place: Installation) -> Iterator[Finding]:
    """Check that the reverse proxy is named, and that not everybody is believed to be one."""
    trusted = place.settings.trusted_proxies
    for network in trusted:
        if ip_network(network).prefixlen < 8:
            message = f"{network} in FOOTNOTE_TRUSTED_PROXIES holds everybody: each visitor may choose an address."
            yield Finding.error("proxy", message, "Name the proxies' own addresses.")
    seen = read_notices(place.settings.staff).get(PROXIES, {})
    unnamed = {name: day for name, day in seen.items() if not _is_trusted(name, trusted) and is_recent(day, place.now)}
    for name, day in unnamed.items():
        yield Finding.warning(
            "proxy", f"{name} forwarded requests on {day_seen(day)} and is not named as a proxy.", _NAME_IT
        )
    if not trusted and not unnamed and _is_local(place.settings.host) and _has_https_site(place):
        message = (
            f"Only this machine can reach {place.settings.host}, so visitors come through a proxy, and none is named."
        )
        yield Finding.warning(
            "proxy", message, "Set FOOTNOTE_TRUSTED_PROXIES to the proxy's address, such as 127.0.0.1."
        )
    elif not unnamed:
        yield Finding.ok("proxy", f"Named: {', '.join(trusted)}." if trusted else "None is named, and none was seen.")


def server(place: Installation) -> Iterator[Finding]:
    """Ask the running server whether it is alive and ready, if there is an address to ask."""
    if not place.server:
        return
    cure = "Start it, or correct the address; its log says more."
    try:
        health, ready = _get(place.server, "/api/health"), _get(place.server, "/api/ready")
    except (OSError, HTTPException) as error:
        yield Finding.error("server", f"{place.server} does not answer: {error or type(error).__name__}.", cure)
        return
    if health.status != HTTPStatus.OK or health.content.get("status") != "alive":
        yield Finding.error(
            "server", f"{place.server}/api/health answers {health.status}, and not as Footnote does.", cure
        )
        return
    if ready.status != HTTPStatus.OK or ready.content.get("status") != "ready":
        yield Finding.error(
            "server", f"{place.server} is alive and not ready: {ready.content.get('status', ready.status)}.", cure
        )
    build, live = str(ready.content.get("build", "")), current_or_none(place.settings.index)
    if build and live and build != live:
        cure = (
            "It takes a new build within seconds; if not, restart it, or check that both use the same FOOTNOTE_INDEX."
        )
        yield Finding.warning("server", f"{place.server} serves build {build}, and the index holds {live}.", cure)
    for warning in ready.content.get("warnings", ()):
        yield Finding.warning("server", str(warning), "See docs/operate.md for what it means.")
    if health.clock and abs(health.clock - datetime.now(UTC)) > _SKEW:
        yield Finding.warning(
            "clock", f"The server's clock says {health.clock:%H:%M:%S} UTC, ours differs.", "Set both by NTP."
        )
    if ready.status == HTTPStatus.OK and ready.content.get("status") == "ready":
        yield Finding.ok("server", f"{place.server} is ready and serves build {build}.")


def own_address(settings: Settings) -> str:
    """Return the address at which this machine reaches a server of these settings."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}{settings.root_path}"


def server_answers(address: str) -> bool:
    """Return whether a Footnote server answers at an address."""
    try:
        return _get(address, "/api/health").content.get("status") == "alive"
    except (OSError, HTTPException, SettingsError):
        return False


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    content: dict[str, Any]
    clock: datetime | None


def _get(address: str, path: str) -> _Reply:
    """Request a path of a server; raises `OSError`, `HTTPException`, or `SettingsError` for no address."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        kind = {"http": HTTPConnection, "https": HTTPSConnection}[parts.scheme]
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
    except (KeyError, ValueError):
        raise SettingsError(f"{address} is no address: write it as https://chat.clinic.example.") from None
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}{path}", headers={"User-Agent": "Footnote doctor"})
        response = connection.getresponse()
        body = response.read(_LONGEST)
        date = response.getheader("Date", "")
    finally:
        connection.close()
    try:
        content = json.loads(body)
    except ValueError:
        content = {}
    try:
        clock = parsedate_to_datetime(date)
    except ValueError:
        clock = None
    return _Reply(response.status, content if isinstance(content, dict) else {}, clock)


def _is_trusted(address: str, networks: tuple[str, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(network) for network in networks)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has_https_site(place: Installation) -> bool:
    return any(site.startswith("https:") for site in place.clinic.sites.allowed)
