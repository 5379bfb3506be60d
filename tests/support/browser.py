"""A small browser over real HTTP: cookies, links, forms sent as they stand; without scripts."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener


@dataclass
class Form:
    """A form: where it goes, what it carries untouched, and its buttons as (words, action, name, value)."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self._open = False
        self._words: list[str] | None = None
        self._pressed: tuple[str, str, str] | None = None
        self._href = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = True
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if tag == "a":
            self._href, self._words = given.get("href", ""), []
        if self._open:
            self._inside_form(tag, given)

    def _inside_form(self, tag: str, given: dict[str, str]) -> None:
        if tag == "input":
            self._input(given)
        if tag == "textarea":
            self.forms[-1].fields.append((given["name"], ""))
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and self._select and "selected" in given:
            self.forms[-1].fields.append((self._select, given.get("value", "")))
        if tag == "button":
            self._words = []
            self._pressed = given.get("formaction", ""), given.get("name", ""), given.get("value", "")

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("radio", "checkbox") and "checked" not in given:
            return
        if given.get("name") and "disabled" not in given:
            self.forms[-1].fields.append((given["name"], given.get("value", "on")))

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        words = " ".join("".join(self._words or []).split())
        if tag == "form":
            self._open = False
        if tag == "select":
            self._select = ""
        if tag == "a" and self._words is not None:
            self.links.append((words, self._href))
            self._words = None
        if tag == "button" and self._pressed is not None:
            self.forms[-1].buttons.append((words, *self._pressed))
            self._words = self._pressed = None


class Browser:
    """One person's browser; it stands on one page at a time."""

    def __init__(self) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.url = self.text = ""
        self.status = 0

    def open(self, url: str, data: list[tuple[str, str]] | None = None) -> str:
        """GET an address, or POST `data` to it; redirects are followed. The page's text."""
        body = None if data is None else urlencode(data).encode()
        request = Request(urljoin(self.url, url), body)  # noqa: S310  # addresses of our own server
        try:
            answer = self._opener.open(request, timeout=60)
        except HTTPError as error:
            answer = error
        with answer:
            assert isinstance(answer, HTTPResponse | HTTPError)
            self.url, self.status = answer.url, answer.status or 0
            self.text = answer.read().decode()
        return self.text

    def follow(self, words: str) -> str:
        """Press the first link whose text holds `words`."""
        href = next((href for text, href in self._read().links if words in text), None)
        assert href is not None, (
            f"no link {words!r} on {self.url}: {[text for text, _ in self._read().links]}"
        )
        return self.open(href)

    def press(self, words: str, **changed: str) -> str:
        """Press the first button whose text holds `words`, with some of its form's fields filled in anew."""
        forms = self._read().forms
        for form in forms:
            for text, action, name, value in form.buttons:
                if words in text:
                    fields = [(key, old) for key, old in form.fields if key not in changed]
                    fields += [*changed.items(), *([(name, value)] if name else [])]
                    return self.open(action or form.action or self.url, fields)
        raise AssertionError(f"no button {words!r} on {self.url}: {[b[0] for f in forms for b in f.buttons]}")

    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.text)
        return reader
