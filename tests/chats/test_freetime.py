"""The times offered instead of one that somebody cannot make."""

from datetime import date

import pytest

from scheduler import clock, db
from scheduler.chats import freetime, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act
from scheduler.life import By, Via
from tests.support import looking
from tests.support.world import ZONE, World

EVENING = ("2027-03-09 16:30", "2027-03-09 18:30")


@pytest.mark.parametrize(("ending", "by"), [(None, None), (Act.DECLINE, By.STUDENT), (Act.LAPSE, By.CLOCK)])
def test_no_other_time_overlaps_the_one_that_is_off(world: World, ending: Act | None, by: By | None) -> None:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, EVENING)
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 17:00")
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        if ending is not None and by is not None:
            record.happen(session, chat, ending, clock.now(), via=Via.LINK, by=by)
        times = freetime.common_times(session, chat, clock.now(), most=20)
    assert [looking.wall(time, ZONE, "%H:%M") for time in times] == ["16:30", "17:30", "17:45", "18:00"]
