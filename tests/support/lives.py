"""Random lives of chats through the real verbs on a simulated clock, and what must be true after each."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.availability import asking
from scheduler.availability.asks import AskAct
from scheduler.availability.slots import Slot
from scheduler.chats import answering, booking, freetime, outcome, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act, Report
from scheduler.chats.proposal import Proposal, ProposalState
from scheduler.life import By, NotAllowed, NotNow, Via
from scheduler.mail import inbox, replies
from scheduler.mail.transport import Blame, Trouble
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import absence, running
from tests.support import passing
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom

BEGIN = "2027-03-08 09:00"
SIDES = (By.STUDENT, By.MENTOR)
NEWEST = select(Chat).where(Chat.student_id == bindparam("student")).order_by(Chat.id.desc()).limit(1)


class Life:
    """One pair of people and all their chats, lived at random from one seed."""

    def __init__(self, seed: int, clock_: Clock, mailroom: Mailroom, round_id: int) -> None:
        self.random = random.Random(seed)
        self.clock, self.mailroom, self.round_id = clock_, mailroom, round_id
        self.seed, self.done = seed, list[str]()
        clock_.at(BEGIN)
        with db.transaction() as session:
            self.people = {side: self._enrol(session, side) for side in SIDES}
            self.begin(session)

    def address(self, side: By) -> str:
        return f"{side}{self.seed}@example.org"

    def _enrol(self, session: Session, side: By) -> int:
        now = clock.now()
        round_ = session.get_one(Round, self.round_id)
        person = Person(
            programme=round_.programme,
            name=f"{side.title()} {self.seed}",
            email=self.address(side),
            created_at=now,
            is_mentor=side is By.MENTOR,
            is_student=side is By.STUDENT,
            capacity=20,
        )
        session.add(person)
        ask = asking.add(session, round_, person, side.value, now)
        ask.act(AskAct.ANSWER, now, by=side)
        days = self.random.sample(range(3, 12), 4) if self.random.random() < 0.9 else [3]
        start = Clock().at("2027-03-08 16:00")
        ask.give([Slot(start + timedelta(days=n), start + timedelta(days=n, hours=3)) for n in sorted(days)])
        return person.id

    def begin(self, session: Session) -> None:
        """The first chat: planned and proposed, at a time both gave or, now and then, another."""
        round_ = session.get_one(Round, self.round_id)
        student, mentor = (session.get_one(Person, self.people[side]) for side in SIDES)
        start = Clock().at("2027-03-11 16:00") + timedelta(minutes=15 * self.random.randrange(8))
        chat = booking.plan(session, round_, mentor, student, start, clock.now(), by=By.CLOCK)
        if self.random.random() < 0.9:
            record.happen(session, chat, Act.PROPOSE, clock.now(), via=Via.CLOCK, by=By.CLOCK)

    def chats(self, session: Session) -> list[Chat]:
        rows = select(Chat).where(Chat.student_id == self.people[By.STUDENT]).order_by(Chat.id)
        return list(session.scalars(rows))

    def live(self, steps: int) -> None:
        """Do `steps` random things."""
        for _ in range(steps):
            todo, weight = zip(*self.choices(), strict=True)
            thing = self.random.choices(todo, weight)[0]
            self.done.append(f"{clock.now():%d %H:%M} {thing.__name__}")
            thing()

    def choices(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self.post, 10),
            (self.fail_to_post, 2),
            (self.wait, 12),
            (self.answer, 8),
            (self.answer_by_calendar, 4),
            (self.move, 5),
            (self.put_elsewhere, 2),
            (self.undo, 4),
            (self.pick_again, 3),
            (self.answer_proposal, 4),
            (self.report, 3),
            (self.stay_away, 1),
        ]

    def act(self, work: Callable[[Session, Chat], object]) -> None:
        """Do something to the newest chat, as a page would: refused politely, or done."""
        try:
            with db.transaction() as session:
                work(session, session.scalars(NEWEST, {"student": self.people[By.STUDENT]}).one())
        except (NotNow, NotAllowed, IntegrityError) as refusal:
            self.done[-1] += f" (no: {type(refusal).__name__})"

    def post(self) -> None:
        passing.post(self.mailroom)

    def fail_to_post(self) -> None:
        self.mailroom.trouble = Trouble(self.random.choice([Blame.LATER, Blame.OURS]), "451 not now")
        self.post()
        self.mailroom.trouble = None

    def wait(self) -> None:
        self.pass_time(timedelta(minutes=self.random.choice([1, 3, 8, 15, 180, 720, 1800, 3600])))

    def pass_time(self, by: timedelta, *, posting: bool = False) -> None:
        """Let time do its steps; letters leave on the way only when `posting`, or as chance has it."""
        until = clock.now() + by
        while (moment := passing.next_due(clock.now())) is not None and moment < until:
            self.clock.moment = moment
            self.tick(posting=posting or self.random.random() < 0.5)
        self.clock.moment = until
        self.tick(posting=posting)

    def tick(self, *, posting: bool) -> None:
        passing.do_due(clock.now())
        if posting:
            self.post()

    def _who(self) -> tuple[By, Via]:
        by = self.random.choices([By.STUDENT, By.MENTOR, By.COORDINATOR], [5, 3, 1])[0]
        return by, Via.COORDINATOR if by is By.COORDINATOR else Via.LINK

    def answer(self) -> None:
        by, via = self._who()
        verb = self.random.choices([answering.accept, answering.decline, answering.cancel], [5, 2, 1])[0]
        self.act(lambda session, chat: verb(session, chat, clock.now(), by=by, via=via))

    def answer_by_calendar(self) -> None:
        side = self.random.choice(SIDES)
        newest_first = reversed(self.mailroom.to(self.address(side)))
        invitations = list(islice((mail for mail in newest_first if mail.method == "REQUEST"), 2))
        if not invitations:
            return
        mail = self.random.choice(invitations[::-1])
        answer = self.random.choice(["ACCEPTED", "DECLINED", "TENTATIVE"])
        style = self.random.choice(replies.STYLES)
        raw = replies.reply(mail.raw, answer, stamp=clock.now(), style=style)
        with db.transaction() as session:
            inbox.store(session, raw, clock.now())
        self.tick(posting=False)

    def move(self) -> None:
        by, via = self._who()

        def work(session: Session, chat: Chat) -> None:
            times = freetime.common_times(session, chat, clock.now())
            if times:
                start = self.random.choice(times)
                booking.move(session, chat, start, clock.now(), by=by, via=via)

        self.act(work)

    def put_elsewhere(self) -> None:
        place = self.random.choice(["Atrium", "Library"])
        self.act(lambda session, chat: booking.set_place(session, chat, place, clock.now()))

    def undo(self) -> None:
        by, via = self._who()

        def work(session: Session, chat: Chat) -> None:
            event = record.last_act(session, chat)
            if event is not None:
                record.undo(session, event, clock.now(), via=via, by=by)

        self.act(work)

    def pick_again(self) -> None:
        def work(session: Session, chat: Chat) -> None:
            by, times = self.random.choice(SIDES), freetime.common_times(session, chat, clock.now())
            if times:
                booking.follow_up(session, chat, times[0], clock.now(), by=by, via=Via.LINK)

        self.act(work)

    def answer_proposal(self) -> None:
        def work(session: Session, chat: Chat) -> None:
            rows = select(Proposal).where(Proposal.chat_id == chat.id, Proposal.state == ProposalState.OPEN)
            for proposal in session.scalars(rows):
                if self.random.random() < 0.7:
                    booking.take_time(session, proposal, clock.now(), via=Via.LINK)
                else:
                    record.keep_time(session, proposal, clock.now())

        self.act(work)

    def report(self) -> None:
        side, said = self.random.choice(SIDES), self.random.choice(list(Report))
        self.act(lambda session, chat: outcome.report(session, chat, side, said, clock.now(), via=Via.LINK))

    def stay_away(self) -> None:
        side = self.random.choice(SIDES)

        def work(session: Session, chat: Chat) -> None:
            if self.random.random() < 0.5:
                absence.pause(session, chat.person(side), clock.now() + timedelta(days=2), clock.now())
            else:
                absence.leave(session, chat.person(side), clock.now())

        self.act(work)


def a_round(session: Session) -> int:
    """The running round in which lives are lived; its coordinator is nobody."""
    now = clock.now()
    programme = Programme(name="Lives", timezone="America/New_York", created_at=now, places=["Cafeteria"])
    session.add(programme)
    round_ = running.open_round(session, programme, date(2027, 3, 8), date(2027, 3, 26), now)
    for act in (RoundAct.ASK, RoundAct.DRAFT, RoundAct.PUBLISH):
        round_.act(act, now, by=By.COORDINATOR)
    round_.publish_at = round_.settle_by = now
    round_.due_at = None
    return round_.id
