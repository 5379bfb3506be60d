"""Sending: one run over one connection claims letters, hands over one after the other, and settles each."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from time import sleep

import structlog
from sqlalchemy.exc import SQLAlchemyError

from scheduler import db, ending, owners
from scheduler.crashpoint import crashpoint
from scheduler.db import Conflict
from scheduler.mail import claims, fates, holds
from scheduler.mail.claims import Brake, Claimed, OnRefused
from scheduler.mail.fates import Outcome
from scheduler.mail.transport import Blame, Transport, Trouble
from scheduler.small_writes import SmallWrites

log = structlog.get_logger()

BATCH, LEAST_BATCH = 50, 10
"""No sender claims more letters at once, however many wait, or fewer than LEAST_BATCH if there are more."""
LEASE = timedelta(minutes=5)
LEAST_LEASE = timedelta(minutes=3)
"""A letter is only begun while this much of its lease remains: longer than one letter may take."""
BEHIND = timedelta(minutes=1)
"""How long after a rest of all that letter's turn comes which led to it: a sweep tries another one first."""
PATIENCE = (0.2, 1.0, 3.0)
"""Seconds between tries to write down what has left, when the database is away: forgotten, it goes twice."""

Clock = Callable[[], datetime]


class Trip:
    """What the senders of one run share: its clocks, its end, and how many letters may still be begun."""

    def __init__(
        self,
        now: Clock,
        machine_now: Clock,
        brake: Callable[..., Brake],
        on_refused: OnRefused | None,
        *,
        most: int,
        at_once: int,
        length: timedelta,
    ) -> None:
        self.now, self.machine_now, self.brake, self.on_refused = now, machine_now, brake, on_refused
        self.sent, self.is_stopped = 0, False
        self.was_tried = threading.Event()
        """A letter has been tried: whether the server takes us is known, before it is called again beside."""
        self._at_once = min(BATCH, max(LEAST_BATCH, at_once))
        self._left, self._ends, self._is_late = most, machine_now() + length, False
        self._lock = threading.Lock()

    @property
    def is_cut_short(self) -> bool:
        """Whether it ended though more might have been sent."""
        return self._is_late or self._left <= 0

    def is_over(self) -> bool:
        """Whether no letter may be begun any more."""
        self._is_late = self._is_late or ending.is_told() or self.machine_now() >= self._ends
        return self._is_late or self.is_stopped

    def take(self) -> int:
        """How many letters a sender may claim now."""
        with self._lock:
            taken = min(self._at_once, self._left)
            self._left -= taken
        return taken

    def note(self, *, unused: int, sent: int) -> None:
        """Of those taken so many were not begun, and so many left."""
        with self._lock:
            self._left += unused
            self.sent += sent


class Sender:
    """One connection's part of a trip."""

    def __init__(self, trip: Trip, transport: Transport) -> None:
        self._trip, self._transport = trip, transport
        self._owner = ""
        self._broke_off = False
        self._resting: set[str] = set()

    def run_beside(self) -> None:
        """The same, once another sender has tried a letter."""
        self._trip.was_tried.wait()
        self.run()

    def run(self) -> None:
        """Send until nothing more is due, or the trip is over."""
        self._owner = owners.begin()
        try:
            with SmallWrites() as self._quick:
                while not self._trip.is_over() and (most := self._trip.take()) and self._send_some(most):
                    pass
        finally:
            owners.end(self._owner)
            self._transport.close()

    def _send_some(self, most: int) -> bool:
        """Send one batch; whether there was any. What cannot be begun any more is handed back."""
        batch, kept_back, until = db.attempt(partial(self._claim, most))
        unused, back, sent = most - len(batch), list[int](), list[int]()
        for letter in batch:
            if not self._may_begin(letter, until):
                back.append(letter.id)
                unused += 1
                continue
            self._hand_back(back)
            back = []
            if self._send(letter, kept_back):
                sent.append(letter.id)
        self._hand_back(back)
        if sent:
            log.info("letters sent", ids=sent)
        self._trip.note(unused=unused, sent=len(sent))
        return bool(batch)

    def _claim(self, most: int) -> tuple[list[Claimed], Brake, datetime]:
        now, until = self._trip.now(), self._trip.machine_now() + LEASE
        with db.transaction() as session:
            kept_back = self._trip.brake(session, now, to_claim=True)
            batch = claims.claim(session, self._owner, now, until, most, kept_back)
            crashpoint("delivery.before_claim")
        crashpoint("delivery.after_claim")
        self._resting = set()
        return batch, kept_back, until

    def _hand_back(self, ids: Sequence[int]) -> None:
        """Let these wait again before another is begun: the first that is left is the one under way."""
        if ids:
            _stubbornly(partial(self._let_wait, ids))

    def _let_wait(self, ids: Sequence[int]) -> bool:
        with db.transaction() as session:
            claims.hand_back(session, self._owner, ids)
        return True

    def _send(self, letter: Claimed, kept_back: Brake) -> bool:
        """Send one letter, and write down what became of it; whether it left."""
        blame, why = self._hand_over(letter)
        is_repeated, self._broke_off = self._broke_off, blame in (Blame.LINE, Blame.UNCERTAIN)
        if blame is None and kept_back.on_trial.isdisjoint((holds.SERVER, holds.domain(letter.domain))):
            is_ours = self._settle_sent(letter, why)
        else:
            came_to = fates.outcome(letter, blame, why, self._trip.now(), is_repeated=is_repeated)
            on_refused = self._trip.on_refused if blame is Blame.RECIPIENT else None
            is_ours = _stubbornly(partial(self._settle, letter, came_to, on_refused))
            self._heed(letter, came_to)
        if not is_ours:
            # We were taken for gone, so the rest of the batch is somebody else's too.
            self._trip.is_stopped = True
        self._trip.was_tried.set()
        if blame is not None:
            log.warning("letter not sent", letter=letter.letter, id=letter.id, blame=blame, why=why)
        return blame is None

    def _heed(self, letter: Claimed, came_to: Outcome) -> None:
        """Leave in peace what is to rest."""
        if came_to.rest == holds.SERVER:
            self._trip.is_stopped = True
        elif came_to.rest is not None:
            self._resting.add(letter.domain)

    def _may_begin(self, letter: Claimed, until: datetime) -> bool:
        is_useful = letter.useful_until is None or letter.useful_until > self._trip.now()
        has_time = until - self._trip.machine_now() >= LEAST_LEASE and not self._trip.is_over()
        return is_useful and has_time and letter.domain not in self._resting

    def _hand_over(self, letter: Claimed) -> tuple[Blame | None, str]:
        try:
            crashpoint("delivery.before_send")
            answer = self._transport.send(letter.envelope_sender, letter.recipient, letter.raw)
            crashpoint("delivery.after_send")
        except Trouble as trouble:
            return trouble.blame, trouble.why
        except Exception as error:
            log.exception("letter could not be handed over", letter=letter.letter, id=letter.id)
            self._transport.close()
            return Blame.LATER, f"it could not be handed over ({type(error).__name__})"
        return None, answer

    def _settle_sent(self, letter: Claimed, answer: str) -> bool:
        try:
            crashpoint("delivery.before_settle")
            is_ours = claims.settle_sent(self._quick, self._owner, letter.id, answer, self._trip.now())
        except SQLAlchemyError:
            left = fates.outcome(letter, None, answer, self._trip.now(), is_repeated=False)
            return _stubbornly(partial(self._settle, letter, left, None))
        crashpoint("delivery.after_settle")
        return is_ours

    def _settle(self, letter: Claimed, came_to: Outcome, on_refused: OnRefused | None) -> bool:
        now, owner = self._trip.now(), self._owner
        with db.transaction() as session:
            if on_refused is not None:
                claims.tell_refused(session, owner, letter.id, came_to.why, on_refused)
            more = dict(came_to.more)
            if came_to.rest is not None:
                until = holds.rest(session, came_to.rest, came_to.why, now)
                if came_to.rest == holds.SERVER:
                    more["try_at"] = max(more.get("try_at", now), until + BEHIND)
            is_ours = claims.settle(session, owner, letter.id, came_to.state, came_to.why, **more)
            if came_to.rest is None and came_to.is_well:
                holds.end_rests(session, (holds.SERVER, holds.domain(letter.domain)), now)
            crashpoint("delivery.before_settle")
        crashpoint("delivery.after_settle")
        return is_ours


def _stubbornly(work: Callable[[], bool]) -> bool:
    for seconds in PATIENCE:
        try:
            return db.attempt(work)
        except (SQLAlchemyError, Conflict) as error:
            log.warning("what left could not be written down yet", why=str(getattr(error, "orig", error)))
            sleep(seconds)
    return db.attempt(work)
