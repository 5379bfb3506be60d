"""A freed time, or a new answer, asks a running round to look for those left out."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from scheduler.programme.round import REFILL_AFTER, Round
from scheduler.programme.stages import Stage


def ask_for(session: Session, round_: Round, now: datetime) -> None:
    """Look for somebody once the ten minutes in which acts can be taken back are over, from now.

    One statement, which leaves the round's version alone: two people's acts must not stand in each
    other's way for it. Nothing happens unless the round is running.
    """
    if round_.state is not Stage.RUNNING:
        return
    moment = now + REFILL_AFTER
    step, due_at = round_.following(now, refill_at=moment)
    session.execute(
        update(Round)
        .where(Round.id == round_.id, Round.state == Stage.RUNNING)
        .values(refill_at=moment, due_step=step, due_at=due_at)
    )
