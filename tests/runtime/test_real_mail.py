"""A round of forty people through a real Postfix and Dovecot: what arrives is what the board says left."""

from pathlib import Path

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.mail.envelope import Fate, Outgoing
from tests.support import left_out, rig, truth
from tests.support.rig import RealMail
from tests.support.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real mail")]


def test_a_round_arrives_as_it_was_sent(tmp_path: Path, database: str, seed: int) -> None:
    left_out.require(rig.is_to_be_had(), "no Postfix and Dovecot to be started as root")
    with RealMail(tmp_path, database) as live:
        town = Town(live, seed)
        town.found()
        live.start()
        town.begin()
        while town.go_on(hours=8):
            live.settle()
        arrived_all(live)
        with db.reading() as session:
            truth.check(session, live.mailroom, clock.now())
        assert town.answered >= 60


def arrived_all(live: RealMail) -> None:
    """Every letter that counts as sent lies in its reader's mailbox once, byte for byte; no other does."""
    with db.reading() as session:
        rows = select(Outgoing.recipient, Outgoing.message_id, Outgoing.raw).where(
            Outgoing.state == Fate.SENT
        )
        sent = sorted((to, letter_id, raw) for to, letter_id, raw in session.execute(rows))
    live.collect()
    came = sorted((to, str(mail.parsed["Message-ID"]), mail.raw) for to, mail in live.mails)
    assert [row[:2] for row in came] == [row[:2] for row in sent]
    assert came == sent
