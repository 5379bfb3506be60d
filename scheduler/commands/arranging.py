"""`coffee-rounds round …`: a round from opening to closing, without the dashboard."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clock, db, localtime, sweep
from scheduler.chats.chat import Chat
from scheduler.commands import opening, typed
from scheduler.commands.speaking import Refused, Verb
from scheduler.life import By
from scheduler.programme import free_days
from scheduler.programme.round import Round
from scheduler.rounds import progress, publishing, running, telling, turnout
from scheduler.rounds.turnout import LeftOutRow

number = click.argument("number", type=typed.KEPT, metavar="ROUND")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the round as JSON.")


@click.group("round")
def round_() -> None:
    """Rounds: opened, asked, planned, shown, published, closed and called off."""


@round_.command("open", cls=Verb)
@click.option("--programme", required=True, type=typed.KEPT, metavar="P", help="The programme's number.")
@click.option(
    "--from", "first_on", required=True, type=typed.DAY, metavar="DATE", help="The first date, 2027-03-01."
)
@click.option(
    "--to", "last_on", required=True, type=typed.DAY, metavar="DATE", help="The last date, included."
)
@click.option("--answer-by", "answer_on", type=typed.DAY, metavar="DATE", help="The last date for answers.")
@click.option("--minutes", type=int, help="How long a chat lasts; without it, as the programme has it.")
@click.option(
    "--blocked",
    multiple=True,
    metavar="SPAN",
    help="Dates without chats, as often as needed: 2027-03-15, or '2027-03-15 to 2027-03-19: year 3'.",
)
@click.option(
    "--quiet-from", type=typed.TIME, metavar="TIME", help="From when nobody is reminded, like 21:00."
)
@click.option(
    "--quiet-to", type=typed.TIME, metavar="TIME", help="Until when; without either, as the programme has it."
)
def open_round(programme: int, first_on: date, last_on: date, blocked: tuple[str, ...], **more: Any) -> None:
    """Open a round and print its number; nobody is asked yet."""
    try:
        spans = free_days.read("\n".join(blocked))
    except free_days.BadSpan as error:
        raise Refused(str(error)) from error
    opening.wired()
    with db.transaction() as session:
        kept = opening.get_programme(session, programme)
        opened = running.open_round(session, kept, first_on, last_on, clock.now(), blocked=spans, **more)
        click.echo(opened.id)
        if unknown := progress.blocked_for_nobody(session, opened):
            click.echo(unknown, err=True)


@round_.command(cls=Verb)
@number
@as_json
def ask(number: int, *, as_json: bool) -> None:
    """Ask everyone who takes part; asked again, it asks nobody twice."""
    _carry_out(number, running.ask_all, as_json=as_json)


@round_.command(cls=Verb)
@number
@as_json
def plan(number: int, *, as_json: bool) -> None:
    """Plan it, or plan it anew: a draft that nobody has heard of yet."""
    opening.wired()
    with db.reading() as session:
        opening.get_round(session, number)
    db.attempt(lambda: sweep.plan_round(number, clock.now(), by=By.COORDINATOR))
    _show(number, as_json=as_json)


@round_.command(cls=Verb)
@number
@as_json
def show(number: int, *, as_json: bool) -> None:
    """Show how far it has come: its figures, its chats, and who was left out, with the reasons."""
    opening.wired()
    _show(number, as_json=as_json)


@round_.command(cls=Verb)
@number
@as_json
def publish(number: int, *, as_json: bool) -> None:
    """Send the plan out; the invitations leave in a minute."""
    _carry_out(number, publishing.publish, as_json=as_json)


@round_.command(cls=Verb)
@number
@as_json
def close(number: int, *, as_json: bool) -> None:
    """Close it now; what is left out goes first next time."""
    _carry_out(number, _close, as_json=as_json)


@round_.command(cls=Verb)
@number
@as_json
def cancel(number: int, *, as_json: bool) -> None:
    """Call it off, with all its chats still to come; whoever knows of one, or waits for one, is told."""
    _carry_out(number, running.cancel, as_json=as_json)


def _close(session: Session, round_: Round, now: datetime) -> bool:
    return running.close(session, round_, now, by=By.COORDINATOR)


def _carry_out(number: int, verb: Callable[[Session, Round, datetime], object], *, as_json: bool) -> None:
    """One verb in one transaction, and the round as it is then. The mail leaves with the next sweep."""
    opening.wired()
    with db.transaction() as session:
        verb(session, opening.get_round(session, number), clock.now())
    _show(number, as_json=as_json)


def _show(number: int, *, as_json: bool) -> None:
    """The round as it is; its JSON has the same keys at every stage."""
    with db.reading() as session:
        round_ = opening.get_round(session, number)
        found = select(Chat).where(Chat.round_id == number).order_by(Chat.starts_at, Chat.id)
        shown = {
            **asdict(telling.figures(session, round_)),
            "without_place": progress.without_place(session, round_, clock.now()),
            "chats": [_chat(chat) for chat in session.scalars(found)],
            "students_left_out": [_left_out(row) for row in turnout.left_out_rows(session, round_)],
        }
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2, default=str))
        return
    for line in _lines(shown):
        click.echo(line)


def _chat(chat: Chat) -> dict[str, object]:
    return {
        "id": chat.id,
        "mentor": chat.mentor.name,
        "student": chat.student.name,
        "starts_at": chat.starts_at.isoformat(),
        "place": chat.place,
        "state": str(chat.state),
        "words": localtime.when(chat.starts_at, chat.ends_at, chat.round.programme.timezone),
        "reasons": [str(reason) for reason in chat.reasons],
    }


def _left_out(row: LeftOutRow) -> dict[str, object]:
    return {"student": row.person, "reason": row.reason, "words": row.why, "change": row.change}


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    """The same for people: the figures, each chat with its reasons, each student left out with theirs."""
    yield f"Round {shown['id']}, {shown['title']}: {shown['state']}"
    names = ("asked", "answered", "planned", "proposed", "accepted", "met", "left_out")
    yield ", ".join(f"{shown[name]} {name.replace('_', ' ')}" for name in names)
    for chat in shown["chats"]:
        both = f"{chat['mentor']} and {chat['student']}, {chat['state']}"
        yield f"  {chat['id']:>5}  {chat['words']}: {both}" + (f", {chat['place']}" if chat["place"] else "")
        if chat["reasons"]:
            yield f"         {'; '.join(chat['reasons'])}"
    if lacking := shown["without_place"]:
        yield f"  {lacking} without a place: add places to the programme, or ask mentors for their own."
    for row in shown["students_left_out"]:
        yield f"      –  {row['student']} {row['words']}. {row['change']}".rstrip()
