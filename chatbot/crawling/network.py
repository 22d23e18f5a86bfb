"""The guard at the socket: a connection is only made to an address that was checked.

A name is resolved once for the whole crawl. Each address of the answer is checked, and the connection goes to the
address that was checked. So a name server that answers differently the second time changes nothing.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpcore2

__all__ = ["AddressForbidden", "Endpoint", "GuardedBackend", "Resolver", "is_public", "resolve"]

Resolver = Callable[[str], Sequence[str]]
"""Takes a host name, returns its IP addresses; raises `OSError` where there are none."""

Endpoint = tuple[str, int]
"""An IP address and a port."""

_PORTS: Final = frozenset({80, 443})
_FORBIDDEN: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",  # this network; Linux connects to itself
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by carriers, and the metadata of some clouds
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # Azure's metadata, in a public range
            "169.254.0.0/16",  # link-local, and the metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments, and the metadata of Oracle's cloud
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT relays
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/3",  # multicast, reserved, broadcast
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which carries any IPv4 address
            "2620:4f:8000::/48",  # AS112
            "3ffe::/16",  # formerly 6bone
            "3fff::/20",  # documentation
        ),
    )
)
_GLOBAL_IPV6: Final = ipaddress.ip_network("2000::/3")
"""All that is given to the public in IPv6. Outside: loopback, mapped and compatible IPv4, NAT64, local, multicast."""


_ISATAP: Final = 0x5EFE
_ISATAP_MASK: Final = 0xFCFFFFFF
"""The third quarter of an IPv6 address that carries any IPv4 address in its last (ISATAP, two bits of it are free)."""


class AddressForbidden(httpcore2.ConnectError):
    """A connection that the guard refuses; the message says why, to stand after the address."""


def is_public(ip: str) -> bool:
    """Return whether an IP address is one of the public internet, and of no machine's own or special network."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if address.version == 6 and (address not in _GLOBAL_IPV6 or int(address) >> 32 & _ISATAP_MASK == _ISATAP):
        return False
    return not any(address in network for network in _FORBIDDEN if network.version == address.version)


def resolve(host: str) -> Sequence[str]:
    """Return the IP addresses of a host in the order in which the system would try them; raises `OSError`."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass
class GuardedBackend(httpcore2.NetworkBackend):
    """Opens connections for httpcore, to public addresses on the standard ports and to the `allowed` endpoints.

    `ports` are open beside the standard ones. `deadline` (of `time.monotonic`) ends every wait of every connection.
    """

    resolver: Resolver = resolve
    ports: frozenset[int] = frozenset()
    allowed: frozenset[Endpoint] = frozenset()
    deadline: float = float("inf")
    connected: list[Endpoint] = field(default_factory=list)
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def connect_tcp(  # noqa: D102 - as in the base class
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for ip in self.checked_addresses(host, port):
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    ip, port, self.remaining(timeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            self.connected.append((ip, port))
            return _TimedStream(stream, self)
        raise failure or AddressForbidden("its name has no address")

    def checked_addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host, each allowed at a port; raises `AddressForbidden` if any is not."""
        if host not in self._known:
            try:
                self._known[host] = (str(ipaddress.ip_address(host)),)
            except ValueError:
                self._known[host] = self._resolved(host)
        for ip in self._known[host]:
            if (ip, port) in self.allowed:
                continue
            if not is_public(ip):
                raise AddressForbidden(f"its address {ip} is not one of the public internet")
            if port not in _PORTS | self.ports:
                raise AddressForbidden(f"port {port} is not one of a website")
        return self._known[host]

    def _resolved(self, host: str) -> tuple[str, ...]:
        try:
            return tuple(str(ipaddress.ip_address(ip)) for ip in self.resolver(host))
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved") from error
        except ValueError as error:  # an address with a network interface, or no address at all
            raise AddressForbidden(f"the name {host} has an address that cannot be checked") from error

    def remaining(self, timeout: float | None) -> float:
        """Return the seconds that a wait may take; raises `ReadTimeout` past the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("it takes too long")
        return left if timeout is None else min(left, timeout)


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every wait ends at the deadline of its backend, however slowly the server sends."""

    def __init__(self, stream: httpcore2.NetworkStream, backend: GuardedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._backend.remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.remaining(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._backend.remaining(timeout))
        return _TimedStream(stream, self._backend)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as in the base class
        return self._stream.get_extra_info(info)
