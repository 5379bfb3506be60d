"""A page read as a browser without scripts reads it: its forms, their fields untouched, and its links."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True)
class Button:
    """A form's button: its words, and what it sends along."""

    words: str
    name: str
    value: str


@dataclass
class Form:
    """A form that posts: where to, its fields as a browser would send them, and its buttons."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)

    def sent(self, button: Button | None, changed: dict[str, object]) -> dict[str, object]:
        """What the browser posts when this button is pressed, some fields filled in otherwise."""
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            sent.setdefault(name, []).append(value)
        if button is not None and button.name:
            sent.setdefault(button.name, [button.value])
        return {**sent, **changed}


class Reader(HTMLParser):
    """Reads a page; `forms` are those that post, `links` are (words, address)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.addresses: list[str] = []
        self._open: Form | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._words: list[str] | None = None
        self._named: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[name] for name in ("href", "src", "action") if given.get(name)]
        if tag in ("a", "button", "textarea"):
            self._words, self._named = [], given
        if tag == "form" and given.get("method", "").lower() == "post":
            self._open = Form(given.get("action", ""))
            self.forms.append(self._open)
        if self._open is not None and tag == "input":
            self._input(self._open, given)
        if tag == "select":
            self._select = (given["name"], [])
        if tag == "option" and self._select is not None:
            self._select[1].append((given.get("value", ""), "selected" in given))

    @staticmethod
    def _input(form: Form, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        is_off = kind in ("radio", "checkbox") and "checked" not in given
        if given.get("name") and not is_off and "disabled" not in given and kind != "submit":
            form.fields.append((given["name"], given.get("value", "on")))

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select" and self._select is not None:
            name, options = self._select
            chosen = [value for value, is_selected in options if is_selected] or [options[0][0]]
            if self._open is not None:
                self._open.fields.append((name, chosen[0]))
            self._select = None
        if tag in ("a", "button", "textarea") and self._words is not None:
            self._close(tag, "".join(self._words), self._named)
            self._words = None

    def _close(self, tag: str, words: str, given: dict[str, str]) -> None:
        if tag == "a":
            self.links.append((" ".join(words.split()), given.get("href", "")))
        elif self._open is not None and tag == "textarea":
            self._open.fields.append((given["name"], words))
        elif self._open is not None:
            button = Button(" ".join(words.split()), given.get("name", ""), given.get("value", ""))
            self._open.buttons.append(button)
