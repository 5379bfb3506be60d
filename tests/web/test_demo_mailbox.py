"""The demo's mailbox: whose mail is shown, calendar buttons that write real answers, a clock that moves."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from scheduler import clock, db, settings
from scheduler.app import create_app
from scheduler.mail.envelope import Incoming, Outgoing
from scheduler.settings import Settings
from tests.conftest import SECRET
from tests.support.world import World

SAM, MAYA, ADA = "sam@example.org", "maya@example.org", "ada@example.org"
CARD = "in the calendar, not answered"


@pytest.fixture
def known(database_url: str, tmp_path: Path) -> Settings:
    """The settings of a demo."""
    return settings.load(
        {
            "ENVIRONMENT": "demo",
            "DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": database_url,
            "BASE_URL": "http://localhost",
            "SECRET_KEY": SECRET,
            "MAIL_FROM": "Coffee Rounds <rounds@coffee.example.org>",
            "INBOUND": "true",
            "CLOCK_OFFSET_FILE": str(tmp_path / "clock-offset"),
        }
    )


@pytest.fixture
def invited(world: World) -> int:
    """A chat of Maya and Sam, proposed to Sam on Monday for Wednesday week; its id."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(
            round_id, name, ("2027-03-10 16:30", "2027-03-10 18:30"), ("2027-03-12 12:00", "2027-03-12 13:00")
        )
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-10 17:00")
    world.run()
    return chat_id


def read(client: FlaskClient, address: str, **more: object) -> str:
    answer = client.get("/demo", query_string={"to": address, **more})
    assert answer.status_code == 200, answer.text
    return answer.text


def opened(text: str) -> int:
    found = re.search(r'action="/demo/mails/(\d+)/answer"', text)
    assert found is not None, text
    return int(found[1])


def test_there_is_no_such_page_outside_a_demo(tmp_path: Path, database_url: str) -> None:
    given = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database_url, "SECRET_KEY": SECRET}
    client = create_app(settings.load(given)).test_client()
    assert {client.get(path).status_code for path in ("/demo", "/demo/mails/1")} == {404}
    assert client.post("/demo/clock").status_code == 404
    assert client.get("/").headers["Location"] == "/board"
    db.unbind()


def test_a_demo_with_a_mail_server_does_not_start(known: Settings) -> None:
    given = {"ENVIRONMENT": "demo", "DATA_DIR": str(known.data_dir), "SMTP_URL": "smtp://mail.example.org"}
    with pytest.raises(settings.BadSettings, match="^The demo's people are invented"):
        settings.load(given)


def test_everybody_has_a_mailbox_with_their_own_mail(client: FlaskClient, invited: int) -> None:
    assert client.get("/").headers["Location"] == "/demo"
    sams, mayas = read(client, SAM), read(client, MAYA)
    assert "You are reading Sam Lind’s mail" in sams
    assert "Demo. Nothing is sent." in sams
    for address in (SAM, MAYA, ADA):
        assert f'<option value="{address}"' in sams
    assert CARD in sams
    assert CARD not in mayas
    assert read(client, "nobody@example.org").count("You are reading Dr Maya Okafor’s mail") == 1


def test_whose_mail_was_open_is_remembered(client: FlaskClient, invited: int) -> None:
    read(client, SAM)
    assert "You are reading Sam Lind’s mail" in client.get("/demo").text


def test_the_html_is_shown_in_a_frame_that_can_do_nothing_but_lead_away(
    client: FlaskClient, invited: int
) -> None:
    mail = opened(read(client, SAM))
    answer = client.get(f"/demo/mails/{mail}", query_string={"to": SAM})
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "script" not in policy
    assert '<base target="_top">' in answer.text
    assert client.get(f"/demo/mails/{mail}", query_string={"to": MAYA}).status_code == 404


def test_text_and_source_are_there_too(client: FlaskClient, invited: int) -> None:
    assert re.search(r'<a href="http://localhost/chat/[a-z2-7]+"', read(client, SAM, view="text"))
    assert "text/calendar" in read(client, SAM, view="source")


def test_links_of_an_earlier_start_lead_to_this_one(client: FlaskClient, invited: int) -> None:
    text = client.get(
        "/demo", query_string={"to": SAM, "view": "text"}, base_url="http://127.0.0.1:8123"
    ).text
    assert 'href="http://127.0.0.1:8123/chat/' in text
    assert 'href="http://localhost/chat/' not in text


def test_looking_changes_nothing(client: FlaskClient, invited: int) -> None:
    def counted() -> list[int]:
        with db.reading() as session:
            tables = db.Base.metadata.sorted_tables
            return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    before = counted()
    for view in ("html", "text", "source"):
        read(client, SAM, view=view)
    assert counted() == before


@pytest.mark.parametrize(
    ("button", "state", "came_to"),
    [
        ("ACCEPTED", "confirmed", "applied: accepted"),
        ("DECLINED", "declined", "applied: declined"),
        ("TENTATIVE", "proposed", "kept: maybe is neither yes nor no"),
    ],
)
def test_a_button_of_the_card_sends_a_real_calendar_answer(
    client: FlaskClient, world: World, invited: int, button: str, state: str, came_to: str
) -> None:
    mail = opened(read(client, SAM))
    answer = client.post(
        f"/demo/mails/{mail}/answer", data={"to": SAM, "partstat": button}, follow_redirects=True
    )
    assert came_to in answer.text
    assert world.state(invited) == state
    with db.reading() as session:
        (raw,) = session.scalars(select(Incoming.raw))
        assert b"METHOD:REPLY" in raw or b"TUVUSE9EOlJFUExZ" in raw


def test_the_card_says_when_the_calendar_has_changed_since(client: FlaskClient, invited: int) -> None:
    mail = opened(read(client, SAM))
    client.post(f"/demo/mails/{mail}/answer", data={"to": SAM, "partstat": "ACCEPTED"})
    assert "accepted in the calendar" in read(client, SAM)
    assert "This event has changed since." in read(client, SAM, mail=mail)


def test_only_what_was_sent_to_somebody_can_be_answered_for_them(client: FlaskClient, invited: int) -> None:
    mail = opened(read(client, SAM))
    for given in ({"to": MAYA, "partstat": "ACCEPTED"}, {"to": SAM, "partstat": "WHATEVER"}):
        assert client.post(f"/demo/mails/{mail}/answer", data=given).status_code == 404
    with db.reading() as session:
        assert list(session.scalars(select(Incoming.id))) == []


def test_a_day_that_passes_leaves_nothing_out(client: FlaskClient, world: World, invited: int) -> None:
    began = clock.now()
    for _ in range(3):
        client.post("/demo/clock", data={"to": SAM, "by": "day"})
    assert (clock.now() - began).days == 3
    with db.reading() as session:
        sent = list(
            session.execute(select(Outgoing.letter, Outgoing.settled_at).where(Outgoing.recipient == SAM))
        )
    nudged = next(at for name, at in sent if name == "chat_nudge")
    assert nudged == datetime(2027, 3, 3, 14, tzinfo=UTC)


def test_the_next_thing_is_gone_to_and_done(client: FlaskClient, invited: int) -> None:
    text = read(client, SAM)
    assert "To the next thing: Wed 3 Mar, 9:00 am" in text
    client.post("/demo/clock", data={"to": SAM, "by": "next"})
    assert "It is Wednesday 3 March, 9:00 am" in read(client, SAM)


def test_time_can_pass_until_somebody_has_mail(client: FlaskClient, invited: int) -> None:
    client.post("/demo/clock", data={"to": SAM, "by": "mail"})
    assert "It is Wednesday 3 March, 9:00 am" in read(client, SAM)
    client.post("/demo/clock", data={"to": "lee@example.org", "by": "mail"})
    assert "It is Friday 2 April, 10:00 am" in read(client, SAM)


def test_everybody_but_the_reader_can_be_let_to_answer(client: FlaskClient, world: World) -> None:
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.run()
    client.post("/demo/others", data={"to": MAYA})
    with db.reading() as session:
        receipts = set(
            session.scalars(select(Outgoing.recipient).where(Outgoing.letter.endswith("_received")))
        )
    assert receipts == {"noor@example.org", SAM, "lee@example.org"}


def test_the_coordinator_is_one_button_away(client: FlaskClient, world: World) -> None:
    answer = client.post("/demo/sign-in")
    assert answer.status_code == 303
    entered = client.post(answer.headers["Location"].removeprefix("http://localhost"))
    assert entered.status_code == 303
    for _ in range(8):
        client.post("/demo/clock", data={"to": SAM, "by": "day"})
    assert client.get("/board/1").status_code == 200


@pytest.mark.parametrize("number", [2**31, 2**63, 10**20, -(10**20)])
@pytest.mark.parametrize("name", ["mail", "answer"])
def test_a_number_too_large_for_a_mail_is_as_none(
    client: FlaskClient, invited: int, name: str, number: int
) -> None:
    assert CARD in read(client, SAM, **{name: number})
