"""A server over https on a free loopback port, with a certificate of its own; and a web hook on one."""

import contextlib
import datetime as dt
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@contextlib.contextmanager
def https_server(
    folder: Path, handler: type[http.server.BaseHTTPRequestHandler]
) -> Iterator[tuple[str, Path]]:
    """Serve; give the address, and the certificate, which ``folder`` takes."""
    certificate = _certificate(folder)
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://127.0.0.1:{listening.server_address[1]}", certificate
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


@dataclass
class ChatHook:
    """A chat tool's incoming webhook: what it was sent, and what it answers."""

    url: str = ""
    certificate: Path = Path()
    posts: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Path, content type and body of each."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drips: threading.Event | None = None
    """Answers a byte at a time until this is set."""

    @property
    def trust(self) -> ssl.SSLContext:
        """What checks its certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))


class _Hook(http.server.BaseHTTPRequestHandler):
    about: ChatHook

    def do_POST(self) -> None:
        about = self.about
        body = self.rfile.read(int(self.headers["Content-Length"]))
        about.posts.append((self.path, self.headers["Content-Type"], body))
        if about.drips is not None:
            self._drip(about.drips)
            return
        self.send_response(about.status)
        for name, value in {**about.headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, ended: threading.Event) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not ended.wait(0.02):
                self.wfile.write(b"x")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is inherited
        """Print nothing: pytest shows what is asserted."""


@contextlib.contextmanager
def chat_hook(folder: Path) -> Iterator[ChatHook]:
    """Serve a hook at ``/services/T0/B0/secret``, and anywhere else."""
    about = ChatHook()
    with https_server(folder, type("Hook", (_Hook,), {"about": about})) as (address, certificate):
        about.url, about.certificate = f"{address}/services/T0/B0/secret", certificate
        yield about


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
