"""Forty people from a spreadsheet, by command line, HTTP and real SMTP, to a new time for a missed chat."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scheduler import clock, db, settings, sweep, ticking, wiring
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import State
from scheduler.life import By
from scheduler.mail import inbox, replies
from scheduler.programme.person import Person
from tests.support import truth
from tests.support.commands import COMMAND, free_port
from tests.support.http_client import HttpClient
from tests.support.mailroom import Mail, Mailroom, Page, look
from tests.support.sink import Sink
from tests.support.story import halves, plain

MENTORS = ["Jörg Müller", "Zoë Ünlü", "Åsa Lindström", "Chloë O’Neill", "Noor Haddad", "Maya Okafor"] * 2
STUDENTS = ["Søren Ågård", "Łucja Żak", "Sam Lind", "Lee Park", "Renée Straße", "Ana Núñez", "Eva Groß"] * 4
START = datetime(2031, 3, 3, 8, tzinfo=UTC)
"""A Monday, nine o'clock in Berlin."""
MOMENTS = 300
"""More moments with something due than there can be in the days of this walk."""
DAYS = ["2031-03-10", "2031-03-12", "2031-03-14", "2031-03-18"]


def class_list() -> bytes:
    """As a coordinator's spreadsheet writes it: a byte order mark, semicolons, names last name first."""
    lines = ["Name;Email;Roles;Stage;Capacity;Topics"]
    for number, name in enumerate(MENTORS + STUDENTS):
        first, _, last = name.partition(" ")
        is_mentor = number < len(MENTORS)
        roles = '"mentor;student"' if number == 0 else "mentor" if is_mentor else "student"
        shown = f'"{last}, {first}"' if number % 3 == 0 else name
        rest = f'year {number % 4 + 1};2;"pay; ""call"" nights"'
        lines.append(f"{shown};p{number:02}@example.org;{roles};{rest}")
    return b"\xef\xbb\xbf" + "\r\n".join([*lines, ""]).encode()


class Service:
    """The service as it is installed: its commands, its pages and its mail over real connections."""

    def __init__(self, environ: dict[str, str], sink: Sink) -> None:
        self.environ, self.sink = environ, sink
        self.mailroom, self.mails = Mailroom(), list[tuple[str, Mail]]()
        self.pages: subprocess.Popen[bytes] | None = None

    def command(self, *args: str, given: bytes = b"") -> str:
        """Run a command of the service; what it printed, on both of its outputs."""
        done = subprocess.run(
            [COMMAND, *args], input=given, env=self.environ, capture_output=True, timeout=60
        )
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == 0, said
        return said

    def serve(self) -> HttpClient:
        """A browser at the pages, which a process of their own serves as `coffee-rounds web` does."""
        self.transport = wiring.start(settings.load(self.environ)).transport
        with (Path(self.environ["DATA_DIR"]) / "web.log").open("ab") as log:
            self.pages = subprocess.Popen([COMMAND, "web"], env=self.environ, stdout=log, stderr=log)
        client = HttpClient(self.environ["BASE_URL"])
        assert client.get("/healthz").status_code == 200
        self.mailroom.client = client  # type: ignore[assignment]  # speaks as Flask's does
        return client

    def ends(self) -> None:
        """The pages are served no more."""
        if self.pages is not None:
            self.pages.terminate()
            self.pages.wait(timeout=30)

    def post(self) -> None:
        """One sweep; what arrived at the mail server is put into mailboxes and calendars."""
        ticking.tick(self.transport)
        for recipient, raw in self.sink.mails[len(self.mails) :]:
            self.mailroom.send("", recipient, raw)
            self.mails.append((recipient, Mail(raw, self.mailroom.client)))

    def passes(self, **by: int) -> None:
        """Time passes from one due moment to the next, and what falls due is done."""
        until = clock.now() + timedelta(**by)
        for _ in range(MOMENTS):
            with db.reading() as session:
                due = sweep.next_due(session, clock.now())
            if due is None or due >= until:
                break
            clock.advance(max(due - clock.now(), timedelta()) + timedelta(seconds=1))
            self.post()
        clock.advance(max(until - clock.now(), timedelta()))
        self.post()

    def letters(self, subject: str) -> dict[str, Mail]:
        """The newest mail of each person whose subject begins so."""
        return {who: mail for who, mail in self.mails if mail.subject.startswith(subject)}


@pytest.fixture
def service(tmp_path: Path, smtp_allowed: None) -> Iterator[Service]:
    """A fresh folder, a mail server, and the clock at the beginning."""
    port = str(free_port())
    with Sink() as sink:
        environ = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'rounds.db'}",
            "BASE_URL": f"http://127.0.0.1:{port}",
            "PORT": port,
            "SECRET_KEY": "a secret of tests that is long enough to sign with",
            "SMTP_URL": sink.url,
            "INBOUND": "true",
            "CLOCK_OFFSET_FILE": str(tmp_path / "offset"),
        }
        clock.bind(tmp_path / "offset")
        clock.advance(START - clock.now())
        made = Service(environ, sink)
        yield made
        made.ends()
        db.unbind()
        clock.bind(None)


def opened(service: Service) -> tuple[str, Page]:
    """Programme, people and round made by the command line, everyone asked; the round, and Ada's board."""
    service.command("upgrade")
    where = ["--timezone", "Europe/Berlin", "--coordinator", "ada@example.org"]
    said = service.command("programme", "add", "Charité", *where)
    programme, link = said.split()[0], said.split()[-1]
    people = Path(service.environ["DATA_DIR"]) / "people.csv"
    people.write_bytes(class_list())
    line = ["import", str(people), "--programme", programme]
    assert service.command(*line, "--dry-run").endswith("40 new, 0 changed, 0 unchanged, 0 wrong.\n")
    assert service.command(*line) == "Imported: 40 new, 0 changed, 0 unchanged, 0 wrong.\n"
    assert service.command(*line) == "Imported: 0 new, 0 changed, 40 unchanged, 0 wrong.\n"
    dates = ["--from", "2031-03-10", "--to", "2031-03-21", "--answer-by", "2031-03-06"]
    number = service.command("round", "open", "--programme", programme, *dates).strip()
    service.command("round", "ask", number)
    client = service.serve()
    return number, look(client, link).press("Sign in")


def test_forty_people_from_a_spreadsheet_to_a_new_time_for_a_missed_chat(service: Service) -> None:
    number, board = opened(service)
    service.post()
    asked = service.letters("When could you meet a student?")
    assert len(asked) == len(MENTORS)
    for who, letter in list(asked.items())[:10]:
        spans = [f"{day} 16:30-18:30" for day in DAYS]
        answer = letter.open("Pick").press("Send my times", t=[key for span in spans for key in halves(span)])
        assert answer.status == 200, who
    assert asked["p00@example.org"].text.startswith("Hello Jörg,")
    asked["p10@example.org"].press("Not this round")
    for letter in list(service.letters("Are you in this round?").values())[:24]:
        letter.open("at any of the programme's hours").send()
    links = board.follow("People").follow("Signup links").text.split('"')
    join = next(word for word in links if "/join/" in word)
    assert service.mailroom.client is not None
    page = look(service.mailroom.client, join)
    page = page.send(name="Ida Groß", email="ida@example.org", role="student")
    page.send(when="any")
    service.post()
    service.letters("Please confirm")["ida@example.org"].press("Confirm my address")
    assert "waiting" not in service.command("round", "plan", number)
    service.command("round", "publish", number)
    service.passes(minutes=2)
    answer_all(service)
    meet_and_miss(service)
    with db.reading() as session:
        truth.check(session, service.mailroom, clock.now())
        assert session.scalar(select(func.count(Person.id))) == 41


def answer_all(service: Service) -> None:
    """Of those invited one declines, every second accepts by the link, the others in their calendars."""
    invited = service.letters("Coffee chat: ")
    assert len(invited) >= 18
    for number, letter in enumerate(list(invited.values())):
        if number == 0:
            letter.open("I can't make this time").press("Send", act="decline")
        elif number % 2:
            letter.press("Yes, I'll be there")
        elif number == 2:
            service.command("inbound", given=replies.reply(letter.raw, "ACCEPTED", stamp=clock.now()))
        else:
            with db.transaction() as session:
                inbox.store(session, replies.reply(letter.raw, "ACCEPTED", stamp=clock.now()), clock.now())
    service.post()
    service.passes(minutes=30)
    with db.reading() as session:
        states = [chat.state for chat in session.scalars(select(Chat))]
    assert states.count(State.CONFIRMED) == len(invited) - 1
    assert len(service.letters("Agreed: coffee chat")) == len(invited) - 1


def meet_and_miss(service: Service) -> None:
    """The morning after the first day of chats all say they met, but for one who was left waiting."""
    service.passes(days=8)
    asked = service.letters("Did you two meet")
    assert asked
    with db.reading() as session:
        first = session.scalars(
            select(Chat).where(Chat.state == State.CONFIRMED).order_by(Chat.starts_at, Chat.id)
        ).first()
        assert first is not None
        missed, student, mentor = first.id, first.student.email, first.mentor.email
    asked[student].open("No, we did not meet").press("Send", said="absent")
    service.passes(minutes=15)
    again = service.letters("Shall we find another time?")
    assert {student, mentor} <= set(again)
    page = again[student].open("These are free for you both")
    assert "It is agreed" in plain(page.press("Choose this time").text)
    service.passes(minutes=15)
    with db.reading() as session:
        new = session.scalars(select(Chat).where(Chat.follows_id == missed)).one()
        assert (new.state, new.starts_at > clock.now()) == (State.CONFIRMED, True)
        assert new.copy(By.STUDENT).uid in service.mailroom.calendars[student].events
