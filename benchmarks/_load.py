"""So many browsers at once, each asking for the next page as soon as it has the last; its own process.

Reads from its input, as JSON: port, clients, seconds, most, method, and the pages as [path, body] in turn.
Says as JSON: the answers by code, how many a second, and the milliseconds that answers took.
"""

import json
import selectors
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from time import perf_counter
from typing import Any

FORM = "application/x-www-form-urlencoded"


def asked(
    port: int,
    pages: Sequence[tuple[str, str]],
    *,
    clients: int,
    seconds: float,
    most: int = 1_000_000,
    method: str = "GET",
) -> dict[str, Any]:
    """What so many clients saw in so many seconds, or `most` requests, asking for these pages in turn."""
    order = {"port": port, "pages": pages, "clients": clients, "seconds": seconds, "method": method}
    order |= {"most": most}
    done = subprocess.run(
        [sys.executable, __file__], input=json.dumps(order), stdout=subprocess.PIPE, text=True, check=True
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


class _Client:
    """One browser: a connection that is kept as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.line: socket.socket | None = None
        self.began = 0.0
        self.seen = b""

    def ask(self, request: bytes) -> socket.socket:
        """Send a request; the connection to wait on."""
        self.began, self.seen = perf_counter(), b""
        if self.line is None:
            self.line = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line.sendall(request)
        return self.line

    def hear(self) -> str:
        """The code of the answer once it is whole; empty before. `lost` where the server hung up."""
        assert self.line is not None
        try:
            piece = self.line.recv(1 << 18)
        except OSError:
            piece = b""
        self.seen += piece
        if not piece:
            self.drop()
            return "lost"
        head, end, body = self.seen.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return ""
        if b"\r\nconnection: close" in head.lower():
            self.drop()
        return head[9:12].decode()

    def drop(self) -> None:
        """Let go of the connection; the next request opens another."""
        assert self.line is not None
        self.line.close()
        self.line = None


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])


def _request(method: str, path: str, body: str, port: int) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    if method == "POST":
        lines += [f"Content-Type: {FORM}", f"Content-Length: {len(body)}", "", body]
        return "\r\n".join(lines).encode()
    return "\r\n".join([*lines, "", ""]).encode()


def _seen(order: dict[str, Any]) -> tuple[Counter[str], list[float], float]:
    """The answers by code, the milliseconds each took, and the seconds that all lasted."""
    requests = cycle(_request(order["method"], path, body, order["port"]) for path, body in order["pages"])
    codes: Counter[str] = Counter()
    took: list[float] = []
    with selectors.DefaultSelector() as waiting:
        began = perf_counter()
        for client in [_Client(order["port"]) for _ in range(order["clients"])]:
            waiting.register(client.ask(next(requests)), selectors.EVENT_READ, client)
        while not took or (perf_counter() - began < order["seconds"] and len(took) < order["most"]):
            for key, _ in waiting.select(timeout=1):
                client = key.data
                if code := client.hear():
                    codes[code] += 1
                    took.append((perf_counter() - client.began) * 1000)
                    waiting.unregister(key.fileobj)
                    waiting.register(client.ask(next(requests)), selectors.EVENT_READ, client)
        return codes, sorted(took), perf_counter() - began


def _main() -> None:
    codes, took, lasted = _seen(json.load(sys.stdin))
    p50, p99 = (took[int(len(took) * share)] for share in (0.5, 0.99))
    json.dump(
        {"codes": codes, "rate": len(took) / lasted, "p50": p50, "p99": p99, "max": took[-1]}, sys.stdout
    )


if __name__ == "__main__":
    _main()
