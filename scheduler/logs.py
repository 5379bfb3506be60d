"""Logs: one line per event, with ids; addresses and link tokens are taken out before anything is written."""

import json
import logging
import re
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

ADDRESS = "[address]"
TOKEN = "[token]"  # noqa: S105 - what stands in a token's place, not one

# Both patterns look at each letter a bounded number of times, whatever a stranger writes.
_WORDS = re.compile(r"[^\s<>()\[\]{}\",;]+")
_AT = re.compile(r".(?:@|%40).")
_TOKENS = re.compile(r"[A-Za-z2-7]{20,}=*")


def configure(form: Literal["text", "json"], stream: TextIO | None = None, *, level: str = "info") -> None:
    """Sends structlog's events and the standard library's records (gunicorn, Alembic, …) to `stream` (without
    one, stderr), redacted, one line each. A second call replaces the first."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    outlet = logging.StreamHandler(stream if stream is not None else sys.stderr)
    outlet.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                redact,
                as_json if form == "json" else as_text,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [outlet]
    root.setLevel(level.upper())


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Takes mail addresses and link tokens out of every value, however deep. A structlog processor."""
    return {name: _clean(value) for name, value in event.items()}


def redacted(text: str) -> str:
    """`text` without mail addresses (also %40-encoded) and without runs of 20 or more base32 letters, as link
    tokens are. Takes out too much rather than too little."""
    words = _WORDS.sub(lambda word: ADDRESS if _AT.search(word[0]) else word[0], text)
    return _TOKENS.sub(TOKEN, words)


def as_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """The event as one line of JSON. A structlog processor."""
    return json.dumps(event)


def as_text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """The event as `moment level words name=value …`, on one line. A structlog processor."""
    rest = dict(event)
    opening = [str(rest.pop(name, "-")) for name in ("timestamp", "level", "event")]
    return " ".join(
        [*(_printable(part) for part in opening), *(f"{name}={_plain(rest[name])}" for name in rest)]
    )


def _clean(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {redacted(str(name)): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return redacted(value if isinstance(value, str) else str(value))


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text) if not text or any(letter in text for letter in ' ="') else _printable(text)


def _printable(text: str) -> str:
    """A line break in someone's name must not begin a line that looks like ours."""
    return text if text.isprintable() else json.dumps(text)
