"""What every walk begins with, and what must be so when it ends."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.story import Story


@pytest.fixture
def story(client: FlaskClient, clock: Clock, mailroom: Mailroom) -> Iterator[Story]:
    """The cast and Eve; when the walk and its time for taking back are over, calendars are true."""
    told = Story(clock, mailroom)
    told.begin()
    yield told
    told.later(minutes=61)
    told.calendars_are_true()
