"""The command line on an empty database, on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler import db, settings, wiring
from tests.support import databases
from tests.support.commands import Commands, live_in


@pytest.fixture(params=databases.KINDS)
def run(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Commands]:
    """The command line on an empty database."""
    live_in(tmp_path, monkeypatch)
    with databases.empty(request.param, tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        Commands().must("upgrade")
        wiring.start(settings.load())
        yield Commands()
        db.unbind()
