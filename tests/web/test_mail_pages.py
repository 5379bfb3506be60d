"""The mail on the board: the log, a letter without its links, sending again, stopping, pausing all."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import clock, db
from scheduler.mail import holds, outbox
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.mail.transport import Blame, Trouble
from tests.support import desk
from tests.support.desk import Desk
from tests.support.world import World

MAIL = "/board/1/mail"


@pytest.fixture
def ada(world: World, app: Flask) -> Desk:
    """Ada's desk, with four letters waiting."""
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    return desk.sign_in(app)


def state(letter_id: int) -> Fate:
    with db.reading() as session:
        return session.get_one(Outgoing, letter_id).state


def test_the_log_is_filtered_by_state_and_words(world: World, ada: Desk) -> None:
    assert "4 letters." in ada.see(MAIL)
    assert "2 letters." in ada.see(f"{MAIL}?q=when could you")
    assert "No mail matches." in ada.see(f"{MAIL}?state=sent")
    world.run()
    assert "4 letters." in ada.see(f"{MAIL}?state=sent")


def test_a_letter_is_shown_with_its_fate_and_without_its_links(world: World, ada: Desk) -> None:
    world.run()
    page = ada.see(f"{MAIL}/1")
    assert "Dr Maya Okafor (maya@example.org)" in page
    assert "Sent on Mon 1 Mar, 9:00 am; the mail server answered “250 kept”." in page
    frame = ada.client.get(f"{MAIL}/1/html")
    for link in world.mailroom.last("maya").links:
        token = link.rpartition("/")[2]
        assert token not in ada.text
        assert token not in frame.text


def test_the_frame_has_a_policy_of_its_own(ada: Desk) -> None:
    frame = ada.client.get(f"{MAIL}/1/html")
    policy = frame.headers["Content-Security-Policy"].split("; ")
    assert policy[:3] == ["default-src 'none'", "style-src 'unsafe-inline'", "sandbox"]
    assert "<a" in frame.text
    assert "href" not in frame.text
    assert 'sandbox=""' in ada.client.get(f"{MAIL}/1").text


def test_a_letter_given_up_goes_again(world: World, ada: Desk) -> None:
    world.mailroom.trouble = Trouble(Blame.RECIPIENT, "550 no such mailbox")
    world.run()
    world.mailroom.trouble = None
    assert "Given up on Mon 1 Mar, 9:00 am after 1 try: 550 no such mailbox." in ada.see(f"{MAIL}/1")
    assert "It goes out again now." in ada.press(f"{MAIL}/1/again")
    world.run()
    assert [mail.subject for mail in world.mailroom.to("maya")] == [
        "When could you meet a student? (8 – 19 Mar)"
    ]
    again = ada.send(f"{MAIL}/1/again")
    assert (again.status_code, "Only a letter that was given up can be sent again." in again.text) == (
        409,
        True,
    )


def test_a_waiting_letter_is_stopped_and_a_sent_one_is_not(world: World, ada: Desk) -> None:
    page = ada.press(f"{MAIL}/2/stop")
    assert "Not sent: stopped by the coordinator." in page
    world.run()
    assert (state(1), state(2)) == (Fate.SENT, Fate.WITHDRAWN)
    assert ada.send(f"{MAIL}/1/stop").status_code == 409


def test_a_letter_that_keeps_a_calendar_right_is_not_stopped(world: World, ada: Desk) -> None:
    for name in ("maya", "sam"):
        world.gives(1, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    world.chat(1, "maya", "sam", "2027-03-09 16:30")
    with db.reading() as session:
        letter_id = session.scalars(select(Outgoing.id).where(Outgoing.letter == "chat_proposed")).one()
    assert "Stop it" not in ada.see(f"{MAIL}/{letter_id}")
    assert ada.send(f"{MAIL}/{letter_id}/stop").status_code == 409
    assert state(letter_id) is Fate.WAITING


def test_a_sign_in_mail_is_on_nobodys_board(world: World, ada: Desk, app: Flask) -> None:
    app.test_client().post("/sign-in", data={"email": "ada@example.org"})
    world.run()
    assert "ada@example.org" not in ada.see(MAIL)
    with db.reading() as session:
        letter_id = session.scalars(select(Outgoing.id).where(Outgoing.letter == "sign_in")).one()
    assert ada.client.get(f"{MAIL}/{letter_id}").status_code == 404


def test_all_that_was_given_up_goes_again_at_once(world: World, ada: Desk) -> None:
    assert ada.send(f"{MAIL}/again").status_code == 409
    world.mailroom.trouble = Trouble(Blame.RECIPIENT, "550 no such mailbox")
    world.run()
    world.mailroom.trouble = None
    assert "Send all given up again" in ada.see(MAIL)
    assert "4 letters go out again now." in ada.press(f"{MAIL}/again")
    world.run()
    assert [state(number) for number in range(1, 5)] == [Fate.SENT] * 4
    assert "Send all given up again" not in ada.see(MAIL)


def test_all_mail_is_paused_for_a_reason_and_let_go_again(world: World, ada: Desk, app: Flask) -> None:
    page = ada.press(f"{MAIL}/pause", why="  the hospital\r\nmoves ")
    assert "All mail of this programme is paused." in page
    words = "Ada paused all mail of this programme on Mon 1 Mar, 9:00 am: the hospital moves. Letters are"
    assert words in page
    assert words in ada.see("/board/1")
    world.run()
    assert [state(number) for number in range(1, 5)] == [Fate.WAITING] * 4
    assert "It waits: all mail of this programme is paused." in ada.see(f"{MAIL}/1")
    app.test_client().post("/sign-in", data={"email": "ada@example.org"})
    world.run()
    assert world.letters("ada") == ["sign_in"]
    assert "It was paused already." in ada.press(f"{MAIL}/pause", why="another reason")
    assert "Not sent: stopped by the coordinator." in ada.press(f"{MAIL}/2/stop")
    assert "Mail goes out again now." in ada.press(f"{MAIL}/resume")
    assert "It was not paused." in ada.press(f"{MAIL}/resume")
    world.run()
    assert [state(number) for number in range(1, 5)] == [Fate.SENT, Fate.WITHDRAWN, Fate.SENT, Fate.SENT]


def test_mail_the_operator_holds_is_not_let_go_from_the_board(world: World, ada: Desk, app: Flask) -> None:
    with db.transaction() as session:
        holds.set_up(session, holds.ALL, "a backup is looked at", clock.now(), by=holds.OPERATOR)
    words = "Whoever runs the service has stopped all mail since Mon 1 Mar, 9:00 am Eastern Standard Time"
    assert words in ada.see("/board/1")
    assert words in ada.see(MAIL)
    assert "Let mail go again" not in ada.text
    assert "sign-in mails go out as ever" not in ada.text
    assert "It waits: whoever runs the service has stopped all mail." in ada.see(f"{MAIL}/1")
    assert "It was not paused." in ada.press(f"{MAIL}/resume")
    ada.press(f"{MAIL}/pause", why="the hospital moves")
    said = ada.press(f"{MAIL}/resume")
    assert "Mail goes out again when whoever runs the service lets all mail go." in said
    app.test_client().post("/sign-in", data={"email": "ada@example.org"})
    world.run()
    assert world.letters("ada") == []
    assert [state(number) for number in range(1, 5)] == [Fate.WAITING] * 4


@pytest.mark.parametrize("why", ["", "   ", "\u202e"])
def test_a_pause_without_a_reason_is_refused_in_a_sentence(world: World, ada: Desk, why: str) -> None:
    answer = ada.send(f"{MAIL}/pause", why=why)
    assert answer.status_code == 409
    assert "Please say in a few words why all mail is paused" in answer.text
    world.run()
    assert state(1) is Fate.SENT


def test_nobody_pauses_another_s_programme(world: World, ada: Desk, app: Flask) -> None:
    desk.add_coordinator("eve@example.org")
    eve = desk.sign_in(app, "eve@example.org")
    for act in ("pause", "resume", "again"):
        assert eve.send(f"{MAIL}/{act}", why="mine").status_code == 404
    assert "Eve" not in ada.see(MAIL)
    assert "Mail" in eve.press("/board/2/mail/pause", why="mine")
    world.run()
    assert state(1) is Fate.SENT


def test_a_letter_whose_text_is_no_longer_kept_says_so_and_is_not_sent_again(world: World, ada: Desk) -> None:
    world.mailroom.trouble = Trouble(Blame.RECIPIENT, "550 no such mailbox")
    world.run()
    with db.transaction() as session:
        assert outbox.wipe(session, world.clock.now() + timedelta(days=91), timedelta(days=90)) == 4
    page = ada.see(f"{MAIL}/1")
    assert "The text is no longer kept." in page
    assert "Given up on Mon 1 Mar, 9:00 am after 1 try: 550 no such mailbox." in page
    assert "Send it again" not in page
    answer = ada.send(f"{MAIL}/1/again")
    assert answer.status_code == 409
    assert "This letter’s text is no longer kept, so it cannot be sent again." in answer.text
