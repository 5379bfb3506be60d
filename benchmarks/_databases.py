"""An empty database of either kind, as the service sets it up, in a temporary folder."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scheduler.operating import schema

POSTGRES = Path(__file__).parents[1] / "tests" / "support" / "postgres.sh"
SETTING = re.compile(r"export (\w+)='(.*)'")


@contextmanager
def prepared(kinds: Sequence[str]) -> Iterator[dict[str, str]]:
    """The address of an empty database of each kind that is to be had here; what is not is said."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="coffee-bench-"))
        urls = {"sqlite": f"sqlite:///{folder}/rounds.sqlite3"} if "sqlite" in kinds else {}
        if "postgresql" in kinds:
            urls |= stack.enter_context(_postgresql())
        for url in urls.values():
            schema.upgrade(url)
        yield urls


@contextmanager
def _postgresql() -> Iterator[dict[str, str]]:
    """A private server that waits for the disk, as shipped; none where its programs are not to be had."""
    started = subprocess.run(
        [POSTGRES, "start"],
        env={**os.environ, "DURABLE": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if started.returncode != 0:
        print("PostgreSQL is left out: no private server could be started here.")
        yield {}
        return
    settings = dict(SETTING.findall(started.stdout))
    try:
        yield {"postgresql": settings["TEST_POSTGRES_URL"]}
    finally:
        subprocess.run([POSTGRES, "stop", settings["TEST_POSTGRES_DIR"]], check=True)
