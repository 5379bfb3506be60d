"""The round's own life: opened with sense, settled in one go, closed with who goes first next time."""

from datetime import date

import pytest
from sqlalchemy import select

from scheduler import clock, db, sweep
from scheduler.chats import answering
from scheduler.chats.chat import Chat
from scheduler.life import By, NotNow, Via
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.rounds import publishing, running
from scheduler.rounds.running import NoRound
from tests.support.world import World

FIRST, LAST = date(2027, 3, 8), date(2027, 3, 19)
TUESDAY = ("2027-03-09 16:30", "2027-03-09 17:00")


@pytest.mark.parametrize(
    ("first", "last", "answer", "minutes", "sentence"),
    [
        ("2027-03-19", "2027-03-08", None, 30, "last date lies before its first"),
        ("2027-02-01", "2027-02-05", None, 30, "must lie in the future"),
        ("2027-03-08", "2027-12-01", None, 30, "120 days at most"),
        ("2027-03-08", "2027-03-19", None, 20, "in quarters of an hour"),
        ("2027-03-08", "2027-03-19", "2027-02-20", 30, "answer-by date must lie between"),
        ("2027-03-08", "2027-03-19", "2027-03-20", 30, "answer-by date must lie between"),
        ("2027-03-08", "2027-03-19", None, 75, "does not fit into “Lunch” .60 minutes.. Choose"),
        ("2027-03-13", "2027-03-14", None, 30, "days of the week lies within 13 – 14 Mar"),
    ],
)
def test_dates_that_make_no_round_are_refused_in_words(
    world: World, first: str, last: str, answer: str | None, minutes: int, sentence: str
) -> None:
    with db.transaction() as session, pytest.raises(NotNow, match=sentence):
        running.open_round(
            session,
            session.scalars(select(Programme)).one(),
            date.fromisoformat(first),
            date.fromisoformat(last),
            clock.now(),
            answer_on=date.fromisoformat(answer) if answer else None,
            minutes=minutes,
        )
    with db.reading() as session:
        assert session.scalar(select(Round.id)) is None


def test_a_round_in_which_nobody_could_tick_anything_is_refused(world: World) -> None:
    whole = [{"from": "2027-03-06", "to": "2027-03-19", "stage": ""}]
    with db.transaction() as session:
        programme = session.scalars(select(Programme)).one()
        with pytest.raises(NoRound, match="Every day of this round is a date without chats") as blocked:
            running.open_round(session, programme, FIRST, LAST, clock.now(), blocked=whole)
        programme.notice_hours = 48
        with pytest.raises(NoRound, match="With 48 hours' notice it is too late") as late:
            running.open_round(session, programme, date(2027, 3, 1), date(2027, 3, 2), clock.now())
        one_year = [{"from": "2027-03-06", "to": "2027-03-19", "stage": "year 3"}]
        running.open_round(session, programme, FIRST, LAST, clock.now(), blocked=one_year)
    assert (blocked.value.field, late.value.field) == ("blocked", "last_on")


def test_the_same_dates_are_opened_once_until_that_round_is_over(world: World) -> None:
    round_id = world.round(first=FIRST, last=LAST, ask=False)
    with pytest.raises(NoRound, match="There is a round for these dates already"):
        world.round(first=FIRST, last=LAST)
    world.round(first=FIRST, last=date(2027, 3, 18), ask=False)
    with db.transaction() as session:
        running.cancel(session, session.get_one(Round, round_id), clock.now())
    world.round(first=FIRST, last=LAST)


def test_a_plan_without_a_chat_stays_a_plan_even_where_it_publishes_itself(world: World) -> None:
    round_id = world.round(first=FIRST, last=LAST)
    with db.transaction() as session:
        session.scalars(select(Programme)).one().publishes_itself = True
    world.gives(round_id, "sam", TUESDAY)
    world.at("2027-03-05 12:00")
    with db.transaction() as session:
        round_ = session.get_one(Round, round_id)
        assert str(round_.state) == "drafted"
        with pytest.raises(NotNow, match="no chat in it"):
            publishing.publish(session, round_, clock.now())
    assert "left_out" not in world.letters("sam")


def published(world: World, *names: str) -> int:
    """A running round in which these gave the same half hour."""
    round_id = drafted(world, *names)
    with db.transaction() as session:
        publishing.publish(session, session.get_one(Round, round_id), clock.now())
    return round_id


def drafted(world: World, *names: str) -> int:
    """The same round, planned and not published."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in names:
        world.gives(round_id, name, TUESDAY)
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    return round_id


def test_students_left_out_hear_so_at_once_and_mentors_not_needed_at_the_settling(world: World) -> None:
    published(world, "maya", "noor", "sam")
    world.later(minutes=5)
    used = _mentor()
    spare = {"maya": "noor", "noor": "maya"}[used]
    assert "offer_unused" not in world.letters(spare)
    with db.transaction() as session:
        chat = session.scalars(select(Chat)).one()
        answering.accept(session, chat, clock.now(), by=By.STUDENT, via=Via.LINK)
    world.later(days=5)
    assert world.letters(spare).count("offer_unused") == 1
    assert "offer_unused" not in world.letters(used)


def _mentor() -> str:
    with db.reading() as session:
        return session.scalars(select(Chat)).one().mentor.email.partition("@")[0]


def test_the_automatic_draft_comes_when_answers_are_due(world: World) -> None:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    world.at("2027-03-04 23:58")
    with db.reading() as session:
        assert str(session.get_one(Round, round_id).state) == "asking"
    world.at("2027-03-05 00:05")
    with db.reading() as session:
        assert str(session.get_one(Round, round_id).state) == "drafted"
    assert world.letters("ada").count("round_planned") == 1


def test_closing_remembers_who_was_left_out_and_tells_the_coordinator(world: World) -> None:
    published(world, "maya", "sam", "lee")
    world.later(days=45)
    with db.reading() as session:
        passed = {name: world.person(session, name).passed for name in ("sam", "lee")}
        states = [str(chat.state) for chat in session.scalars(select(Chat))]
        [round_] = session.scalars(select(Round))
        assert str(round_.state) == "closed"
    assert world.letters("ada").count("round_closed") == 1
    # The first let it lapse; the time went to the other, who let it lapse as well.
    assert states == ["lapsed", "lapsed"]
    assert passed == {"sam": 0, "lee": 0}  # neither was passed over: each was offered a chat
    assert world.letters("sam").count("left_out") + world.letters("lee").count("left_out") == 1


def test_calling_a_round_off_cancels_its_chats_for_who_knew_of_them(world: World) -> None:
    round_id = published(world, "maya", "sam")
    world.later(minutes=5)
    with db.transaction() as session:
        assert running.cancel(session, session.get_one(Round, round_id), clock.now())
    world.later(minutes=5)
    assert world.letters("sam")[-1] == "chat_cancelled"
    assert not [letter for letter in world.letters("maya") if letter.startswith("chat")]
    assert world.mailroom.events("sam") == []


def test_who_was_never_offered_a_chat_goes_first_next_time(world: World) -> None:
    round_id = published(world, "maya", "sam", "lee")
    world.later(minutes=5)
    with db.transaction() as session:
        chat = session.scalars(select(Chat).where(Chat.round_id == round_id)).one()
        answering.accept(session, chat, clock.now(), by=By.STUDENT, via=Via.LINK)
        met = chat.student.email.partition("@")[0]
    world.later(days=45)
    with db.reading() as session:
        passed = {name: world.person(session, name).passed for name in ("sam", "lee")}
    assert passed == {met: 0, {"sam": "lee", "lee": "sam"}[met]: 1}


def test_a_round_with_a_chat_to_come_is_not_closed_by_hand(world: World) -> None:
    round_id = published(world, "maya", "sam")
    world.later(minutes=5)
    with db.transaction() as session, pytest.raises(NotNow, match="1 chat is still to come"):
        running.close(session, session.get_one(Round, round_id), clock.now(), by=By.COORDINATOR)


def test_who_is_told_that_they_go_first_does_so_from_then_on(world: World) -> None:
    round_id = published(world, "maya", "sam", "lee")
    world.later(minutes=5)
    with db.reading() as session:
        invited = session.scalars(select(Chat)).one().student.email.partition("@")[0]
        other = {"sam": "lee", "lee": "sam"}[invited]
        assert (world.person(session, other).passed, world.person(session, invited).passed) == (1, 0)
    with db.transaction() as session:
        assert running.cancel(session, session.get_one(Round, round_id), clock.now())
    with db.reading() as session:
        assert (world.person(session, other).passed, world.person(session, invited).passed) == (1, 1)


def test_a_plan_that_nobody_published_ends_with_its_dates_and_whoever_answered_hears(world: World) -> None:
    round_id = drafted(world, "maya", "sam")
    world.later(days=45)
    with db.reading() as session:
        assert str(session.get_one(Round, round_id).state) == "cancelled"
    assert world.letters("sam")[-1] == "left_out"
    assert world.letters("maya")[-1] == "offer_unused"
