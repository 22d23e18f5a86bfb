"""A hint that a reverse proxy is not named, so that all visitors behind it share one address."""

from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.operation.notices import PROXIES, Notices

__all__ = ["ProxyHint"]

_FORWARDED: Final = "x-forwarded-for"


class ProxyHint:
    """Notes addresses near this server that forward requests and are not believed."""

    def __init__(self, app: ASGIApp, notices: Notices) -> None:
        self._app = app
        self._notices = notices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and (forwarded := Headers(scope=scope).get(_FORWARDED)):
            address = scope["client"][0] if scope.get("client") else ""
            believed = address in {part.strip() for part in forwarded.split(",")}
            if not believed and _is_near(address):
                self._notices.note(
                    PROXIES,
                    address,
                    f"{address} forwards requests of others. If it is your reverse proxy, name it in "
                    "FOOTNOTE_TRUSTED_PROXIES: until then, all visitors behind it share one rate limit.",
                )
        await self._app(scope, receive, send)


def _is_near(address: str) -> bool:
    """Return whether an address is of this machine or network; strangers may send any header."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return not (getattr(parsed, "ipv4_mapped", None) or parsed).is_global
