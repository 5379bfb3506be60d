"""Five thousand letters to a mail server with bad days: each wanted one arrives, none that was taken back."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from scheduler import db
from scheduler.clock import now
from scheduler.mail import delivery, dialogue, holds, outbox, transport
from scheduler.mail.delivery import Pace
from scheduler.mail.envelope import Fate, Lane, Outgoing
from tests.support.clock import Clock
from tests.support.faulty_smtp import FaultySmtp
from tests.support.scripted_smtp import serving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("service", "smtp_allowed")]
LETTERS, CHATS, DEAD_EVERY = 5000, 2000, 100


def write_letters() -> None:
    """Of each hundred letters one is to an address that does not exist; a fifth change calendars."""
    rows = [
        {
            "event": f"event:{number}",
            "letter": "chat_proposed",
            "about": f"chat:{number % CHATS}",
            "programme_id": 1,
            "person_id": number,
            "recipient": f"{'dead' if number % DEAD_EVERY == 0 else 'p'}{number}@d{number % 7}.example.org",
            "domain": f"d{number % 7}.example.org",
            "envelope_sender": "bounce@x.example.org",
            "subject": "x",
            "message_id": f"<{number}@x.example.org>",
            "raw": f"Message-ID: <{number}@x.example.org>\r\n\r\n{'text ' * 200}\r\n".encode(),
            "written_at": now(),
            "try_at": now(),
            "lane": Lane.ORDINARY,
            "method": "REQUEST" if number % 5 == 0 else None,
        }
        for number in range(LETTERS)
    ]
    with db.transaction() as session:
        session.execute(insert(Outgoing), [defaults() | row for row in rows])


def defaults() -> dict[str, object]:
    """What a row has that nobody names."""
    columns = Outgoing.__table__.c
    named = {column.name: column.default.arg for column in columns if column.default is not None}
    return {name: value for name, value in named.items() if not callable(value)}


def waiting() -> int:
    with db.reading() as session:
        return len(session.scalars(select(Outgoing.id).where(Outgoing.state == Fate.WAITING)).all())


def test_each_wanted_letter_arrives_and_none_that_was_taken_back(
    clock: Clock,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    for name in ("CONNECT_SECONDS", "ANSWER_SECONDS", "FINAL_SECONDS"):
        monkeypatch.setattr(dialogue, name, 0.3)
    monkeypatch.setattr(transport, "LETTERS_A_CONNECTION", 8)  # many connections: many bad days
    draw, taken_back = random.Random(seed), dict[str, int]()
    delivery.bind(Pace(connections=2))
    write_letters()
    with FaultySmtp(seed) as server:
        letters = transport.to(server.url)
        runs = 0
        while waiting():
            delivery.deliver(letters, now, most=draw.randrange(20, 200))
            runs += 1
            if runs % 3 == 0:
                take_back(draw.randrange(CHATS), server, taken_back)
            with db.reading() as session:
                upcoming = delivery.next_try(session, now())
            assert upcoming is not None or not waiting()
            clock.moment = max(now(), upcoming or now())
        record_property("faults", sum(server.faults.values()))
        record_property("runs", runs)
        record_property("copies", sum(server.taken.values()) - len(server.taken))
    assert len(server.faults) >= 20, server.faults
    check(server, taken_back)


def take_back(chat: int, server: FaultySmtp, taken_back: dict[str, int]) -> None:
    """A chat changes: what waits of it is true no more. How often it had come by then is kept."""
    with db.transaction() as session:
        outbox.withdraw(session, now(), "the chat has changed since", about=f"chat:{chat}")
        gone = select(Outgoing.message_id).where(
            Outgoing.about == f"chat:{chat}", Outgoing.state == Fate.WITHDRAWN
        )
        for letter in session.scalars(gone):
            taken_back.setdefault(letter, server.taken[letter])


def check(server: FaultySmtp, taken_back: dict[str, int]) -> None:
    with db.reading() as session:
        rows = session.execute(
            select(Outgoing.message_id, Outgoing.recipient, Outgoing.state, Outgoing.why)
        ).all()
    for letter, recipient, state, why in rows:
        if state is Fate.WITHDRAWN:
            assert server.taken[letter] == taken_back[letter], f"{letter} came after it was taken back"
        elif recipient in server.refused:
            assert state is Fate.GIVEN_UP
            # Taken with its answer lost, an ordinary one is tried again, and may be refused then.
            assert server.taken[letter] == 0 or not recipient.startswith("dead")
            # An address that does not exist may meet a bad day first, which refuses it as well.
            lasting = ("550 5.1.1 no such user",) if recipient.startswith("dead") else ()
            assert why.startswith((*lasting, "554 5.6.0 no"))
        else:
            assert state is Fate.SENT, f"{letter}: {state}, {why}"
            assert server.taken[letter] >= 1, f"{letter} is lost"
    assert len([address for address in server.refused if address.startswith("dead")]) >= 40
    assert len(server.refused) <= 100
    assert taken_back, "nothing was ever taken back"
    assert sum(server.taken.values()) - len(server.taken) <= server.dropped


def test_a_wrong_password_stops_the_lane_and_loses_nothing(clock: Clock) -> None:
    write_letters()
    with db.transaction() as session:
        session.execute(update(Outgoing).values(attempts=0).where(Outgoing.id > 50))
    refused = {"EHLO": "250-sink\r\n250 AUTH PLAIN LOGIN", "AUTH": "535 5.7.8 wrong password"}
    with serving(refused) as server:
        run = delivery.deliver(transport.to(server.url.replace("smtp://", "smtp://me:wrong@")), now)
        assert (run.sent, server.taken, server.connections) == (0, [], 1)
    with db.reading() as session:
        hold = session.scalars(select(holds.Hold)).one()
        assert (hold.scope, "535 5.7.8 wrong password" in hold.why) == (holds.SERVER, True)
    assert waiting() == LETTERS
    clock.advance(seconds=int(timedelta(minutes=5).total_seconds()))
    with serving() as server:
        assert delivery.deliver(transport.to(server.url), now, most=40).sent == 40
    with db.reading() as session:
        assert session.scalars(select(holds.Hold)).all() == []
