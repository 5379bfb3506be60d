"""The mail log shows what was really sent, and nothing by which its reader could be impersonated."""

import email
import re
from datetime import date

import pytest
from sqlalchemy import select, update

from scheduler import clock, db
from scheduler.mail import delivery
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.mail.transport import Blame, Trouble
from scheduler.programme.programme import Programme
from scheduler.rounds import mail_log
from scheduler.rounds.mail_log import LetterListing, LetterPage
from tests.support import queries
from tests.support.world import World


@pytest.fixture
def chat_id(world: World) -> int:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    return world.chat(round_id, "maya", "sam", "2027-03-09 16:30")


def log(state: str = "", q: str = "", page: int = 1) -> LetterListing:
    with db.reading() as session:
        programme = session.get_one(Programme, 1)
        return mail_log.letters(session, programme, clock.now(), state=state, q=q, page=page)


def proposed() -> LetterPage:
    with db.reading() as session:
        letter = session.scalars(select(Outgoing).where(Outgoing.letter == "chat_proposed")).one()
        return mail_log.letter(session, session.get_one(Programme, 1), letter, clock.now())


def test_a_letter_shows_the_words_that_were_sent(world: World, chat_id: int) -> None:
    world.run()
    sent = world.mailroom.last("sam")
    shown = proposed()
    assert shown.text == re.sub(r"http://\S+", "[link]", sent.text)
    assert "Tuesday 9 March" in shown.html
    assert "SUMMARY:" in shown.source


def test_nothing_shown_lets_a_coordinator_act_as_the_reader(world: World, chat_id: int) -> None:
    world.run()
    sent, shown = world.mailroom.last("sam"), proposed()
    everything = f"{shown.text}\n{shown.html}\n{shown.source}"
    uid = re.search(r"^UID:(\S+)", sent.calendar.replace("\r\n ", ""), re.M)
    assert uid is not None
    secrets = [uid[1], *(url.rpartition("/")[2] for url in sent.links), "href", "http"]
    reply_to = email.message_from_bytes(sent.raw)["Reply-To"]
    secrets.append(re.search(r"<?([^<>@\s]+)@", reply_to)[1])  # type: ignore[index]  # it has an address
    assert "reply+" in reply_to
    assert len(sent.links) >= 3
    shown_ones = [secret for secret in secrets if secret in everything.replace('href="[link]"', "")]
    assert shown_ones == []


def test_hostile_html_leads_nowhere() -> None:
    html = (
        '<p onclick="x()">Hi <a href="https://evil.example/t">go</a> https://evil.example/u</p>'
        '<img src="https://evil.example/p.png"><script>alert("<p>")</script><form action="/x"><b>k</b></form>'
        '<meta http-equiv="refresh" content="0;url=https://evil.example">&lt;script&gt;'
    )
    assert mail_log.without_addresses(html) == ("<p>Hi <a>go</a> [link]</p><img><b>k</b>&lt;script&gt;")


@pytest.mark.parametrize(
    ("blame", "words", "fate"),
    [
        (Blame.RECIPIENT, "given up", "Given up on Mon 1 Mar, 9:00 am after 1 try: 550 no such mailbox."),
        (
            Blame.LATER,
            "waiting",
            "It leaves on Mon 1 Mar, 9:01 am. So far 1 try, the last of which ended so: 550 no such mailbox.",
        ),
        (
            Blame.UNCERTAIN,
            "waiting",
            "It leaves on Mon 1 Mar, 9:01 am. So far 1 try, the last of which ended so: 550 no such mailbox. "
            "One try broke off at the very end, so it may have arrived already.",
        ),
    ],
)
def test_a_letters_fate_is_told_in_plain_words(world: World, blame: Blame, words: str, fate: str) -> None:
    world.mailroom.trouble = Trouble(blame, "550 no such mailbox")
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    delivery.deliver(world.mailroom, clock.now, most=1)
    row = log().rows[-1]
    assert (row.state, row.fate) == (words, fate)


def test_the_log_is_filtered_by_state_name_address_and_subject(world: World, chat_id: int) -> None:
    with db.transaction() as session:
        session.execute(update(Outgoing).where(Outgoing.id == 1).values(state=Fate.GIVEN_UP))
    assert [row.id for row in log(state="given up").rows] == [1]
    assert {row.to for row in log(q="MAYA@").rows} == {"Dr Maya Okafor"}
    assert {row.to for row in log(q="sam lind").rows} == {"Sam Lind"}
    assert [row.to for row in log(q="coffee chat:").rows] == ["Sam Lind"]
    assert log(q="100%").rows == []
    assert log(state="nonsense").total == log().total


def test_fifty_letters_a_page_in_as_many_queries_as_one(world: World) -> None:
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))

    def asked() -> int:
        with queries.counted() as sent:
            log()
        return len(sent)

    with_four = asked()
    with db.transaction() as session:
        first = session.get_one(Outgoing, 1)
        kept = {c.name: getattr(first, c.name) for c in Outgoing.__table__.columns if c.name != "id"}
        for number in range(60):
            session.add(Outgoing(**{**kept, "event": f"more {number}", "message_id": f"<{number}@x>"}))
    assert asked() == with_four
    listing = log(page=99)
    assert (listing.total, listing.page, listing.pages, len(listing.rows)) == (64, 2, 2, 14)
    assert len(log().rows) == 50


def test_bytes_no_longer_kept_leave_the_line(world: World, chat_id: int) -> None:
    with db.transaction() as session:
        session.execute(update(Outgoing).values(raw=b""))
    shown = proposed()
    assert (shown.text, shown.html, shown.source) == ("", "", "")
    assert shown.row.subject == "Coffee chat: Tue 9 Mar, 4:30 pm"
