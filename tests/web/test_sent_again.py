"""What somebody sent while we could not keep it: the page that says so holds it, to be sent again."""

from datetime import date
from pathlib import Path

import pytest

from tests.support import databases, looking
from tests.support.mailroom import Page, look
from tests.support.world import World

CLINIC = "20270309-1630-1830"
QUOTED = 'any room with a <window> & a "door"'


@pytest.fixture
def picker(world: World) -> Page:
    """A mentor's picker, open."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    return looking.opened(world, looking.ask_path(world, round_id, "maya", "pick"))


def test_ticks_sent_while_the_database_is_away_are_sent_again_with_one_press(
    picker: Page, tmp_path: Path, database_url: str
) -> None:
    with databases.away(tmp_path, database_url):
        sorry = picker.send(t=[CLINIC, "20270310-1200-1230"], note=QUOTED)
        still = sorry.press("Send it again")
    assert [page.status for page in (sorry, still)] == [503, 503]
    after = still.press("Send it again")
    assert (after.status, "2 windows saved." in after.text) == (200, True)
    again = look(picker.client, picker.url)
    assert looking.ticked(again) == [CLINIC, "20270310-1200-1230"]
    assert again.text.count("&lt;window&gt; &amp; a &#34;door&#34;") == 1
