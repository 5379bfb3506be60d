"""The coordinator's morning letter: when there is something new, and on Mondays while anything is open."""

from datetime import date

from scheduler import db
from scheduler.programme.person import Standing
from tests.support.world import World


def digests(world: World) -> list[str]:
    return [letter for letter in world.letters("ada") if letter == "needs_you"]


def test_a_morning_with_nothing_on_it_brings_no_letter(world: World) -> None:
    world.at("2027-03-03 09:00")
    assert digests(world) == []


def test_something_new_is_told_once_in_the_morning_and_again_on_monday(world: World) -> None:
    world.at("2027-03-02 12:00")
    with db.transaction() as session:
        world.person(session, "lee").standing = Standing.WAITING
    counts = []
    for day in range(3, 10):
        world.at(f"2027-03-{day:02} 07:59")
        before = len(digests(world))
        world.clock.advance(minutes=2)
        world.run()
        counts.append((date(2027, 3, day).strftime("%a"), len(digests(world)) - before))
    assert counts == [
        ("Wed", 1), ("Thu", 0), ("Fri", 0), ("Sat", 0), ("Sun", 0), ("Mon", 1), ("Tue", 0),
    ]  # fmt: skip
    assert "Lee Lind" in world.mailroom.last("ada").text
