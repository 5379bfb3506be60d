"""A service to be looked over, and what the doctor says of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scheduler import db, settings, wiring
from scheduler.operating import doctor, schema
from scheduler.settings import Settings
from tests.conftest import SECRET
from tests.support.clock import Clock

Told = Callable[..., dict[str, str]]


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """The settings of a service on one machine."""
    url = f"sqlite:///{tmp_path / 'rounds.sqlite3'}"
    return {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": url, "SECRET_KEY": SECRET}


@pytest.fixture
def healthy(given: dict[str, str], clock: Clock) -> Iterator[Settings]:
    """A service with its tables, to which this process is bound."""
    known = settings.load(given)
    schema.upgrade(known.database_url)
    wiring.start(known)
    yield known
    db.unbind()


@pytest.fixture
def told(given: dict[str, str]) -> Told:
    """What the doctor says, by what it is about; of some marks only, and with other settings."""

    def tell(*marks: str, **more: str) -> dict[str, str]:
        found = doctor.examine(lambda: settings.load(given | more))
        return {finding.about: finding.sentence for finding in found if finding.mark in (marks or ("wrong",))}

    return tell
