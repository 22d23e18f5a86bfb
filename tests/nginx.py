"""A real nginx with the examples of deploy/nginx/, on a free port, over HTTPS with a certificate of its own."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks import nginx
from benchmarks.performance.processes import free_port

PATH: Final = "/chat"
HOST: Final = "chat.clinic.example"
_SITE: Final = """server {
  listen 443 ssl http2;
  server_name _;
  ssl_certificate /etc/letsencrypt/live/chat.clinic.example/fullchain.pem;
  ssl_certificate_key /etc/letsencrypt/live/chat.clinic.example/privkey.pem;
  include snippets/chat-path.conf;
  location / {
    default_type text/html;
    return 200 '<!doctype html><title>Clinic</title><link rel="icon" href="data:,"><p>The site of the clinic.</p>
      <script src="https://127.0.0.1:$server_port/chat/widget.js" defer></script>';
  }
}
"""


def write_certificate(folder: Path) -> Path:
    """Write a certificate and its key for this machine and the examples' host; return the certificate's path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test of Footnote")])
    names = [x509.DNSName("localhost"), x509.DNSName(HOST), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def found() -> str:
    """Return the path of nginx; skip the test where there is none."""
    program = nginx.found()
    if program is None:
        pytest.skip("there is no nginx here (Debian: apt-get install nginx-light)")
    return program


def write_configuration(folder: Path, upstream: int, port: int, certificate: Path, *, own_host: bool = False) -> Path:
    """Copy the examples to where they ask to be, with the ports and files of a test; return the main file."""
    (folder / "conf.d").mkdir()
    (folder / "snippets").mkdir()
    changes = {
        "http://127.0.0.1:7860;": f"http://127.0.0.1:{upstream};",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "  listen [::]:80;\n": "",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "  listen [::]:443 ssl http2;\n": "",
        f"/etc/letsencrypt/live/{HOST}/fullchain.pem": str(certificate),
        f"/etc/letsencrypt/live/{HOST}/privkey.pem": str(certificate.with_name("key.pem")),
        "/var/log/nginx/footnote.log": f"{folder}/footnote.log",
    }
    texts = {f"snippets/{path.name}": path.read_text("utf-8") for path in nginx.EXAMPLES.glob("*.conf")}
    texts["conf.d/00-footnote.conf"] = texts.pop("snippets/00-footnote.conf")
    host = texts.pop("snippets/chat-host.conf")
    texts["conf.d/site.conf"] = host if own_host else _SITE
    for name, text in texts.items():
        for old, new in changes.items():
            text = text.replace(old, new)  # noqa: PLW2901 -- one change after the other
        (folder / name).write_text(text, "utf-8")
    return nginx.write_main(folder)


@contextmanager
def behind_nginx(
    folder: Path, upstream: int, certificate: Path, *, own_host: bool = False, port: int = 0
) -> Iterator[str]:
    """Run nginx in front of a port, below /chat or on a host of its own; yield the address of its root."""
    port = port or free_port()
    main = write_configuration(folder, upstream, port, certificate, own_host=own_host)
    with nginx.running(found(), main) as process:
        for _ in range(200):
            assert process.poll() is None, (folder / "error.log").read_text("utf-8")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"https://127.0.0.1:{port}"
