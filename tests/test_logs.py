"""Logs: one line an event, and neither addresses nor link tokens in any of them."""

import io
import json
import logging
import time
from collections.abc import Iterator

import pytest
import structlog

from scheduler import logs

ADDRESS = "maya.o'neill+rounds@hospital.example"
TOKEN = "mfrggzdfmztwq2lknnwg23tpobyxe43u"
HIDING = [
    ADDRESS,
    f"Maya Noor <{ADDRESS}>",
    f"mailto:{ADDRESS}?subject=x",
    f"/person/{ADDRESS.replace('@', '%40')}/edit",
    f"/offer/{TOKEN}",
    f"GET /a/{TOKEN.upper()}==?x=1 HTTP/1.1",
    f"to:{ADDRESS},{ADDRESS};{ADDRESS}",
]


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest, root: logging.Logger) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(request.param, stream)
    return stream


def clean(text: str) -> bool:
    folded = text.casefold()
    return not any(hidden in folded for hidden in ("neill", "hospital", TOKEN[:20], "maya."))


@pytest.mark.parametrize("hiding", HIDING)
def test_nothing_hides_in_a_value(written: io.StringIO, hiding: str) -> None:
    log = structlog.get_logger()
    log.info("reply read", said=hiding, deep={"to": [hiding, (hiding,)], hiding: 1}, other=ValueError(hiding))
    log.info(hiding)
    assert len(written.getvalue().splitlines()) == 2
    assert clean(written.getvalue())


@pytest.mark.parametrize("hiding", HIDING)
def test_nothing_hides_in_the_standard_librarys_records(written: io.StringIO, hiding: str) -> None:
    logging.getLogger("gunicorn.error").warning("bad request %s", hiding)
    assert len(written.getvalue().splitlines()) == 1
    assert clean(written.getvalue())


def test_an_exception_is_one_line_and_clean(written: io.StringIO) -> None:
    try:
        raise ValueError(f"no such person: {ADDRESS}\nat /offer/{TOKEN}")
    except ValueError:
        structlog.get_logger().exception("letter failed", letter=7)
    assert len(written.getvalue().splitlines()) == 1
    assert "ValueError" in written.getvalue()
    assert clean(written.getvalue())


@pytest.mark.parametrize(
    "name", ["Sam\n2027-03-02 info chat", "Sam\nforged", "a\u2028b", "a\x85b", "\x1b[31m"]
)
def test_a_line_break_cannot_forge_a_line(written: io.StringIO, name: str) -> None:
    structlog.get_logger().info("joined", name=name)
    structlog.get_logger().info(name)
    assert len(written.getvalue().splitlines()) == 2
    assert "\x1b" not in written.getvalue()


def test_ids_are_left_as_they_are(root: logging.Logger) -> None:
    stream = io.StringIO()
    logs.configure("json", stream)
    structlog.get_logger().info("chat accepted", chat=12, via="link", ok=True, lag=0.5, by=None)
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    wanted = {
        "event": "chat accepted",
        "level": "info",
        "chat": 12,
        "via": "link",
        "ok": True,
        "lag": 0.5,
        "by": None,
    }
    assert line == wanted


def test_text_reads_as_a_sentence_with_ids(root: logging.Logger) -> None:
    stream = io.StringIO()
    logs.configure("text", stream)
    structlog.get_logger().info("chat accepted", chat=12, via="link", why="the other's wish")
    assert (
        stream.getvalue().split(" ", 1)[1] == 'info chat accepted chat=12 via=link why="the other\'s wish"\n'
    )


def test_configuring_twice_writes_once(written: io.StringIO) -> None:
    logs.configure("text", written)
    structlog.get_logger().info("tick")
    assert len(written.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    "worst", ["a" * 100_000, "@" * 100_000, "a@" * 50_000, "%40" * 33_000, ("a" * 19 + "1") * 5_000]
)
def test_no_text_makes_redaction_slow(worst: str) -> None:
    started = time.perf_counter()
    logs.redacted(worst)
    assert time.perf_counter() - started < 0.25  # a slow pattern would take minutes
