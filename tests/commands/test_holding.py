"""`coffee-rounds hold` and `release`: all mail waits until the operator lets it go, then leaves at once."""

import json
from datetime import date
from pathlib import Path

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from scheduler import db, queue
from scheduler.mail import holds
from tests.support import brokers
from tests.support.clock import Clock
from tests.support.commands import Commands
from tests.support.mailroom import Mailroom
from tests.support.world import World


@pytest.fixture
def waiting(run: Commands, clock: Clock) -> World:
    """Four letters wait, at nine in the morning of Monday 1 March."""
    world = World(clock, Mailroom())
    world.begin()
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    return world


def held() -> tuple[str, str] | None:
    """By whom all mail is held, and why."""
    with db.reading() as session:
        found = holds.find(session, holds.ALL)
        return None if found is None else (found.by, found.why)


def arrived() -> int:
    """How many letters `tick` has sent, each a file."""
    new = Path("data/mail/new")
    return len(list(new.iterdir())) if new.exists() else 0


def test_all_mail_is_held_and_released_and_twice_is_once(run: Commands, waiting: World, clock: Clock) -> None:
    said = run.must("hold", "--why", "  the backup is\nlooked at first ")
    assert said == ("All mail is held back: no letter leaves until  coffee-rounds release. 4 letters wait.\n")
    clock.advance(minutes=20)
    again = run.must("hold", "--why", "another reason")
    assert again == (
        "All mail has been held back already for 20 minutes: the backup is looked at first. 4 letters wait.\n"
    )
    assert run.must("release") == "Mail goes out again. 4 letters wait.\n"
    assert run.must("release") == "Mail was not held back. 4 letters wait.\n"


def test_no_reason_need_be_given(run: Commands, clock: Clock) -> None:
    assert run.must("hold").endswith(" 0 letters wait.\n")
    assert run.must("hold") == "All mail has been held back already for 0 seconds. 0 letters wait.\n"
    assert held() == ("the operator", "")


def test_a_letter_due_while_held_leaves_in_no_tick_and_in_the_first_after_it(
    run: Commands, waiting: World, clock: Clock
) -> None:
    run.must("hold")
    for _ in range(3):
        run.must("tick")
        clock.advance(hours=1)
    assert arrived() == 0
    waiting.run()
    assert waiting.mailroom.mails == []
    run.must("release")
    run.must("tick")
    assert arrived() == 4


def test_a_programme_s_own_pause_outlasts_the_operator_s(run: Commands, waiting: World, clock: Clock) -> None:
    with db.transaction() as session:
        holds.set_up(session, holds.programme(1), "the hospital moves", clock.now(), by="Ada")
    run.must("hold")
    run.must("release")
    run.must("tick")
    assert arrived() == 0


def test_programs_are_told_the_same_keys_whether_it_is_held_or_not(run: Commands, waiting: World) -> None:
    held_back = json.loads(run.must("hold", "--why", "ä reason", "--json"))
    assert held_back == {
        "is_held": True,
        "since": "2027-03-01T14:00:00+00:00",
        "why": "ä reason",
        "waiting": 4,
    }
    released = json.loads(run.must("release", "--json"))
    assert released == {"is_held": False, "since": None, "why": "", "waiting": 4}


def test_the_workers_are_woken_when_mail_goes_again(
    run: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with brokers.running(tmp_path / "broker") as url:
        monkeypatch.setenv("REDIS_URL", url)
        prompt = Queue("prompt", connection=redis.Redis.from_url(url), serializer=JSONSerializer)
        run.must("hold")
        assert prompt.get_jobs() == []
        run.must("release")
        assert [job.func_name for job in prompt.get_jobs()] == ["scheduler.jobs.deliver"]
    queue.unbind()


def test_a_reason_too_long_is_refused_and_mail_goes_on(run: Commands) -> None:
    answer = run("hold", "--why", "x" * 201)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "The reason can have 200 characters at most; this one is longer.\n"
    assert held() is None
    run.must("hold", "--why", "x" * 200)
    assert held() == ("the operator", "x" * 200)
