"""The people of a programme as the coordinator sees them: a list to search, and one person's page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, lazyload

from scheduler import links, localtime
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats import card
from scheduler.mail.envelope import Incoming
from scheduler.programme import greeting, names
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.rounds import board, history, progress
from scheduler.rounds.history import Moment

PAGE = 50
MAILS, EXCERPT = 10, 160
ROLES = {"mentor": Person.is_mentor.is_(True), "student": Person.is_student.is_(True)}
SORTS: dict[str, tuple[Any, ...]] = {
    "name": (func.lower(Person.name), Person.id),
    "-name": (func.lower(Person.name).desc(), Person.id),
    "joined": (Person.created_at, Person.id),
    "-joined": (Person.created_at.desc(), Person.id),
}
"""How the list may be sorted; any other word is as "name"."""


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """One person in the list; `kind` is the colour of where they stand."""

    id: int
    url: str
    name: str
    email: str
    roles: str
    stands: str
    kind: str
    joined: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A page of the list: its rows, and where it lies among all that were found."""

    rows: list[PersonRow]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class ChatStory:
    """One chat of a person: with whom, when, how it stands, and its events."""

    url: str
    other: str
    when: str
    state: str
    state_words: str
    moments: list[Moment]


@dataclass(frozen=True, kw_only=True)
class PersonPage:
    """Everything the board shows of one person; moments are in the programme's zone."""

    row: PersonRow
    facts: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    """When, and what was asked or answered."""
    chats: list[ChatStory]
    notes: list[str]
    mails: list[tuple[str, str, str]]
    """When a mail of theirs came, how it begins, and its page; the newest first."""
    may_pause: bool
    may_resume: bool
    is_waiting: bool
    is_unreachable: bool
    """Whether mail to them was found not to arrive."""
    is_gone: bool


def people(
    session: Session, programme: Programme, now: datetime, *, q: str, role: str, sort: str, page: int
) -> Listing:
    """Those whose name or address holds `q`, of `role` (else all), fifty to a page, in two queries.

    A page before the first or beyond the last is the nearest there is.
    """
    found = _found(programme, q, role)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = found.order_by(*SORTS.get(sort, SORTS["name"])).limit(PAGE).offset((page - 1) * PAGE)
    shown = [_row(person, programme, now) for person in session.scalars(rows)]
    return Listing(rows=shown, total=total, page=page, pages=pages)


def person(session: Session, programme: Programme, about: Person, now: datetime) -> PersonPage:
    """One person: how they stand, what was asked of them, and each of their chats with its events."""
    row = _row(about, programme, now)
    asks = list(session.scalars(select(Ask).where(Ask.person_id == about.id).order_by(Ask.asked_at.desc())))
    is_gone = about.standing is Standing.LEFT
    is_paused = about.standing is Standing.PAUSED
    return PersonPage(
        row=row,
        facts=_facts(about, row),
        asks=[line for ask in asks for line in _ask_lines(ask, programme)],
        chats=_stories(session, about),
        notes=[ask.note for ask in asks if ask.note],
        mails=_mails(session, about),
        may_pause=about.standing is Standing.ACTIVE,
        may_resume=is_paused,
        is_waiting=about.standing is Standing.WAITING,
        is_unreachable=bool(about.undeliverable),
        is_gone=is_gone,
    )


def counts(session: Session, programme: Programme, now: datetime) -> tuple[int, int, int]:
    """How many mentors and students take part now, and how many people there are in all."""
    everybody = select(Person).where(Person.programme_id == programme.id).options(lazyload(Person.programme))
    found = list(session.scalars(everybody))
    here = [each for each in found if each.takes_part(now)]
    return sum(each.is_mentor for each in here), sum(each.is_student for each in here), len(found)


def _mails(session: Session, about: Person) -> list[tuple[str, str, str]]:
    rows = select(Incoming).where(Incoming.person_id == about.id).order_by(Incoming.id.desc()).limit(MAILS)
    page = links.page(f"board/{about.programme_id}/mail/received")
    return [
        (progress.moment(mail.received_at, about.programme), mail.words[:EXCERPT], f"{page}/{mail.id}")
        for mail in session.scalars(rows)
    ]


def _found(programme: Programme, q: str, role: str) -> Select[Person]:
    found = select(Person).where(Person.programme_id == programme.id).options(lazyload(Person.programme))
    if role in ROLES:
        found = found.where(ROLES[role])
    wanted = names.clean_text(q, names.ADDRESS_LIMIT).lower()
    if wanted:
        columns = (Person.name, Person.email)
        found = found.where(
            or_(*(func.lower(column).contains(wanted, autoescape=True) for column in columns))
        )
    return found


def _row(about: Person, programme: Programme, now: datetime) -> PersonRow:
    kind, stands = _stands(about, programme, now)
    return PersonRow(
        id=about.id,
        url=board.person_url(about),
        name=about.name,
        email=about.email,
        roles=greeting.roles(about).replace("a ", "") or "no role",
        stands=stands,
        kind=kind,
        joined=localtime.day(about.created_at, programme.timezone, year=True),
    )


def _stands(about: Person, programme: Programme, now: datetime) -> tuple[str, str]:
    if about.standing is Standing.LEFT:
        return "still", "has left"
    if about.undeliverable:
        return "wrong", "mail does not arrive"
    if about.standing is Standing.WAITING:
        return "waiting", "waits for approval"
    if about.takes_part(now):
        return "settled", "takes part"
    until = about.paused_until
    return "still", f"paused until {localtime.day(until, programme.timezone)}" if until else "paused"


def _facts(about: Person, row: PersonRow) -> list[tuple[str, str]]:
    found = [
        ("Address", f"{about.email} ({about.undeliverable or 'mail arrives'})"),
        ("Role", row.roles),
        ("Stage", about.stage),
        ("Specialty", about.specialty),
        ("Institution", about.institution),
        ("Zone", localtime.zone_name(about.timezone)),
        ("Chats a round", str(about.capacity) if about.is_mentor else ""),
        ("Place", about.place),
        ("Offers", "; ".join(map(str, about.offers))),
        ("Asks for", "; ".join(map(str, about.wants))),
        ("Left out", f"{about.passed} rounds in a row, so goes first" if about.passed else ""),
        ("Joined", row.joined),
    ]
    return [(label, value) for label, value in found if value]


def _ask_lines(ask: Ask, programme: Programme) -> list[tuple[str, str]]:
    """What was asked and answered in one round, the latest first."""
    lines = [(progress.moment(ask.asked_at, programme), f"Asked for the round of {ask.round.title}")]
    if ask.answered_at is not None:
        given = "Gave times" if ask.is_mentor else "Said they are in"
        said = "Said not this round" if ask.state is AskState.OUT else given
        lines.insert(0, (progress.moment(ask.answered_at, programme), said))
    return lines


def _stories(session: Session, about: Person) -> list[ChatStory]:
    found = []
    for chat, moments in history.of_person(session, about):
        row = progress.row_of(chat)
        found.append(
            ChatStory(
                url=row.url,
                other=row.mentor if chat.student_id == about.id else row.student,
                when=row.when,
                state=row.state,
                state_words=card.STATE_WORDS[chat.state],
                moments=moments,
            )
        )
    return found
