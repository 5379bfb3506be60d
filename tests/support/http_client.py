"""A browser over real HTTP with the few words of Flask's test client that mails and pages use.

It taps again when nobody answers, as a person does whose page did not load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import CookieJar
from threading import Event
from time import monotonic
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Asked:
    """What was asked for in the end, redirects followed."""

    path: str


@dataclass(frozen=True)
class Answer:
    """A page: its status, its text, and how it was come by."""

    status_code: int
    text: str
    request: Asked
    history: tuple[str, ...]
    seconds: float


class HttpClient:
    """One person's browser at the service of `base`; `waits` are the seconds each answer took."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.waits: list[float] = []

    @property
    def slowest(self) -> float:
        """The longest wait for an answer."""
        return max(self.waits, default=0.0)

    def get(self, path: str, *, follow_redirects: bool = True) -> Answer:
        """GET a path."""
        return self._ask(path, None)

    def post(self, path: str, *, data: Mapping[str, object], follow_redirects: bool = True) -> Answer:
        """POST a form."""
        pairs = [
            (name, str(one))
            for name, value in data.items()
            for one in (value if isinstance(value, Sequence) and not isinstance(value, str) else [value])
        ]
        return self._ask(path, urlencode(pairs).encode())

    def _ask(self, path: str, body: bytes | None) -> Answer:
        end, pause = monotonic() + PATIENCE_SECONDS, Event()
        while True:
            try:
                answer = self._once(urljoin(self._base, path), body)
            except (URLError, HTTPException, OSError):
                if monotonic() > end:
                    raise
                pause.wait(0.1)
                continue
            if answer.status_code != 503 or monotonic() > end:
                return answer
            pause.wait(0.1)

    def _once(self, url: str, body: bytes | None) -> Answer:
        began = monotonic()
        try:
            opened = self._opener.open(Request(url, body), timeout=30)  # noqa: S310  # our own server
        except HTTPError as error:
            opened = error
        with opened as answer:
            text, where, status = answer.read().decode(), answer.url, answer.status or 0
        seconds = monotonic() - began
        self.waits.append(seconds)
        path = urlsplit(where).path
        history = () if path == urlsplit(url).path else (url,)
        return Answer(status, text, Asked(path), history, seconds)
