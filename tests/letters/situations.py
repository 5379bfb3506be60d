"""The situations in which each letter is looked at: its readers, other zones, clocks that change."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from scheduler import links
from scheduler.availability.asks import AskState
from scheduler.chats import card
from scheduler.chats.lifecycle import State
from scheduler.life import By
from scheduler.programme import contact
from scheduler.programme.greeting import Reader
from scheduler.rounds.round_card import RoundCard
from tests.support import cast
from tests.support.cast import AFTER_CHANGE, BEFORE_CHANGE, ELSEWHERE, LONG, ORDINARY, Cast, Situation

STUDENT, MENTOR = By.STUDENT, By.MENTOR
ANSWERED, OUT = AskState.ANSWERED, AskState.OUT
FIGURES = {
    "asked": 42,
    "answered": 40,
    "planned": 26,
    "proposed": 27,
    "accepted": 24,
    "met": 21,
    "missed": 2,
    "unknown": 1,
    "left_out": 3,
}
FULL = "More students than mentors could meet in this round."

CHATS = {
    "chat_proposed": (State.PROPOSED, (STUDENT,), {}),
    "chat_nudge": (State.PROPOSED, (STUDENT,), {}),
    "chat_confirmed": (State.CONFIRMED, (STUDENT, MENTOR), {}),
    "chat_moved": (State.CONFIRMED, (STUDENT, MENTOR), {"was": True}),
    "chat_placed": (State.CONFIRMED, (STUDENT, MENTOR), {}),
    "chat_declined": (State.DECLINED, (STUDENT, MENTOR), {}),
    "chat_try_again": (State.DECLINED, (STUDENT, MENTOR), {"times": 3, "undo_until": "4:42 pm"}),
    "chat_lapsed": (State.LAPSED, (STUDENT,), {"may_add": True}),
    "chat_cancelled": (State.CANCELLED, (STUDENT, MENTOR), {}),
    "chat_reminder": (State.CONFIRMED, (STUDENT, MENTOR), {"near": True}),
    "chat_how_was_it": (State.CONFIRMED, (STUDENT, MENTOR), {}),
    "chat_missed": (State.MISSED, (STUDENT, MENTOR), {"times": 3}),
    "chat_no_time_left": (State.MISSED, (STUDENT, MENTOR), {"may_add": True}),
    "chat_prompt": (State.MISSED, (STUDENT, MENTOR), {"times": 2}),
    "chat_new_time": (State.CONFIRMED, (STUDENT, MENTOR), {"times": 1}),
    "chat_time_stands": (State.CONFIRMED, (STUDENT, MENTOR), {"times": 1}),
    "held_answer": (State.CONFIRMED, (STUDENT, MENTOR), {}),
    "chat_other_times": (State.CONFIRMED, (STUDENT, MENTOR), {"times": 3}),
    "answer_too_late": (State.LAPSED, (STUDENT,), {}),
}
"""Each chat letter with the state it is written in, its readers, and what its card shows besides."""


def every() -> Iterator[Situation]:
    """Every situation with a golden; links come out the same each time."""
    links.bind(cast.BASE_URL, [cast.SECRET])
    for letter in CHATS:
        yield from _of_chat(letter)
    yield from _of_chats_in_doubt()
    yield from _of_asks()
    yield from _of_rounds(ORDINARY)
    yield from _of_people(ORDINARY)
    yield from _of_newcomers(ORDINARY)
    yield _of_links("in-berlin", ELSEWHERE, "lost")
    yield _of_links("clocks-change", AFTER_CHANGE, "lost")


def with_long_names() -> Iterator[Situation]:
    """Every letter once more, for people and a programme whose names are as long as may be."""
    links.bind(cast.BASE_URL, [cast.SECRET])
    for letter, (state, sides, more) in CHATS.items():
        for side in sides:
            yield cast.of_chat(letter, f"{side}-long", side, state, LONG, **more)
    for letter in ("offer_wanted", "offer_reminder", "wish_wanted", "wish_reminder"):
        yield cast.of_ask(letter, "long", LONG, again=True)
    for letter in ("offer_received", "wish_received"):
        yield cast.of_ask(letter, "long", LONG, state=ANSWERED, times=True)
    yield from _of_rounds(LONG)
    yield from _of_people(LONG)
    yield from _of_newcomers(LONG)


def _of_chat(letter: str) -> Iterator[Situation]:
    state, sides, more = CHATS[letter]
    for side in sides:
        yield cast.of_chat(letter, side, side, state, ORDINARY, **more)
    yield cast.of_chat(letter, f"{STUDENT}-in-berlin", STUDENT, state, ELSEWHERE, **more)
    week = BEFORE_CHANGE if more.get("times") else AFTER_CHANGE
    yield cast.of_chat(letter, f"{sides[-1]}-clocks-change", sides[-1], state, week, **more)


def _of_chats_in_doubt() -> Iterator[Situation]:
    at_once = {"undo_until": "4:42 pm"}
    for letter in ("chat_confirmed", "chat_moved", "chat_cancelled", "chat_missed", "chat_no_time_left"):
        state, _, more = CHATS[letter]
        yield cast.of_chat(letter, "student-own-act", STUDENT, state, ORDINARY, **(more | at_once))
    yield cast.of_chat("chat_moved", "student-not-agreed", STUDENT, State.PROPOSED, ORDINARY, was=True)
    yield cast.of_chat("chat_placed", "student-not-agreed", STUDENT, State.PROPOSED, ORDINARY)
    yield cast.of_chat("chat_placed", "mentor-new-time-too", MENTOR, State.CONFIRMED, ORDINARY, was=True)
    yield cast.of_chat("chat_nudge", "student-maybe", STUDENT, State.PROPOSED, ORDINARY, maybe=True)
    yield cast.of_chat("chat_other_times", "student-none", STUDENT, State.PROPOSED, ORDINARY)
    yield cast.of_chat("answer_too_late", "student-open", STUDENT, State.PROPOSED, ORDINARY)
    yield cast.of_chat("answer_too_late", "mentor-agreed", MENTOR, State.CONFIRMED, ORDINARY)
    yield cast.of_chat("chat_confirmed", "mentor-of-berlin", MENTOR, State.CONFIRMED, ELSEWHERE)
    yield cast.of_chat("chat_cancelled", "mentor-no-answer", MENTOR, State.LAPSED, ORDINARY)
    yield cast.of_chat("chat_reminder", "student-some-day", STUDENT, State.CONFIRMED, ORDINARY)
    yield cast.of_chat("chat_proposed", "student-no-place", STUDENT, State.PROPOSED, ORDINARY, place="")
    yield cast.of_chat("chat_reminder", "mentor-no-place", MENTOR, State.CONFIRMED, ORDINARY, place="")
    yield cast.of_chat("chat_proposed", "student-follow-up", STUDENT, State.PROPOSED, ORDINARY, follows=True)
    yield cast.of_chat("chat_confirmed", "mentor-follow-up", MENTOR, State.CONFIRMED, ORDINARY, follows=True)
    for side in (STUDENT, MENTOR):
        yield cast.of_chat("chat_try_again", f"{side}-no-time-left", side, State.DECLINED, ORDINARY)
    yield cast.of_chat("chat_try_again", "student-one-time", STUDENT, State.DECLINED, ORDINARY, times=1)
    yield cast.of_chat("chat_no_time_left", "mentor-round-over", MENTOR, State.MISSED, ORDINARY)
    yield cast.of_chat("chat_lapsed", "student-round-over", STUDENT, State.LAPSED, ORDINARY)
    yield cast.of_chat("chat_prompt", "student-no-time-left", STUDENT, State.MISSED, ORDINARY)


def _of_asks() -> Iterator[Situation]:
    for letter in ("offer_wanted", "wish_wanted"):
        yield cast.of_ask(letter, "first-round", ORDINARY)
        yield cast.of_ask(letter, "next-round", ORDINARY, again=True)
        yield cast.of_ask(letter, "after-the-plan", ORDINARY, late=True)
    yield cast.of_ask("offer_wanted", "two-chats", ORDINARY, capacity=2)
    yield cast.of_ask("offer_reminder", "first-round", ORDINARY)
    yield cast.of_ask("offer_reminder", "next-round", ORDINARY, again=True)
    yield cast.of_ask("wish_reminder", "first-round", ORDINARY)
    for letter in ("offer_wanted", "offer_reminder", "wish_wanted", "wish_reminder"):
        yield cast.of_ask(letter, "in-berlin", ELSEWHERE, again=True)
        yield cast.of_ask(letter, "clocks-change", AFTER_CHANGE, again=True)
    yield cast.of_ask("offer_received", "in-berlin", ELSEWHERE, state=ANSWERED, times=True)
    for letter in ("offer_received", "wish_received"):
        yield cast.of_ask(letter, "times", ORDINARY, state=ANSWERED, times=True)
        yield cast.of_ask(letter, "clocks-change", AFTER_CHANGE, state=ANSWERED, times=True)
        yield cast.of_ask(letter, "out", ORDINARY, state=OUT)
    yield cast.of_ask("wish_received", "in-berlin", ELSEWHERE, state=ANSWERED, times=True)
    yield cast.of_ask("wish_received", "any-hours", ORDINARY, state=ANSWERED)
    yield cast.of_ask("wish_received", "any-hours-but", ELSEWHERE, state=ANSWERED, again=True)


def _of_rounds(who: Cast) -> Iterator[Situation]:
    items = [
        (
            "Sam Rivera and Dr Maya Okafor did not meet, and no new time was found.",
            links.page("board/1/chats/6"),
        ),
        ("Mail to Noor Haddad comes back.", links.page("board/1/people/9")),
    ]
    yield _of_round("round_planned", "coordinator", who, asked=42, answered=40, planned=26, left_out=3)
    yield _of_round("round_closed", "coordinator", who, **FIGURES)
    yield _of_round("needs_you", "coordinator", who, items=items, **FIGURES)
    yield _of_round("needs_you", "morning", who, items=items[:1], title=cast.programme(who).name, state="")
    yield _of_round("left_out", "student", who, reason=FULL)
    yield _of_round("left_out", "at-the-end", who, reason=FULL, state="closed")
    yield _of_round(
        "left_out", "not-first", who, reason="The times you gave were too short for a chat.", goes_first=False
    )
    yield _of_round("offer_unused", "mentor", who)


def _of_people(who: Cast) -> Iterator[Situation]:
    of = cast.programme(who)
    student = cast.person(who, of, is_mentor=False)
    mentor = cast.person(who, of, is_mentor=True)

    def link(name: str) -> str:
        return contact.preferences_url(student)

    for letter in ("paused", "left"):
        until = {"until": "Monday 4 January" if letter == "paused" else ""}
        yield Situation(letter, "student", _named(who, student, link, pause=until | {"cancelled": 0}))
        yield Situation(letter, "with-chats", _named(who, student, link, pause=until | {"cancelled": 2}))
    for has_chat in (True, False):
        name = "about-a-chat" if has_chat else "about-else"
        yield Situation("note_received", name, _named(who, student, link, has_chat=has_chat))
    no_end = {"until": "", "cancelled": 1}
    yield Situation("paused", "mentor-no-end", _named(who, mentor, link, pause=no_end))
    sign_in = {"code": "482913", "minutes": 10}
    ada = cast.coordinator(who)
    yield Situation("sign_in", "coordinator", _named(who, ada, _board_link, sign_in=sign_in))


def _of_newcomers(who: Cast) -> Iterator[Situation]:
    moment = "Tuesday 10 November, 9:00 am Eastern Standard Time (New York)"
    new = Reader(name="", first_name="", timezone=cast.NEW_YORK, wanted="mentor", asked=moment)
    known = replace(
        new, name=who.mentor, first_name="Maya", roles="a student", standing="active", may_gain=True
    )

    def link(name: str) -> str:
        return "" if name == "answer" else links.url({"preferences": "me"}.get(name, name), s=3)

    for why in ("asked", "stopped", "address", "lost"):
        yield _of_links(why, who, why)
    yield Situation("confirm_address", "mentor", _named(who, new, link))
    yield Situation("welcome", "mentor", _named(who, replace(known, roles="a mentor"), link))
    yield Situation("welcome", "student", _named(who, replace(known, wanted="student"), link))
    yield Situation("link_again", "mentor-too", _named(who, known, link))
    for standing in ("left", "waiting", "paused"):
        at_rest = replace(known, standing=standing, may_gain=standing == "left")
        yield Situation("link_again", standing, _named(who, at_rest, link))


def _of_links(name: str, who: Cast, why: str) -> Situation:
    student = cast.person(who, cast.programme(who), is_mentor=False)
    chat = cast.chat(who, State.CONFIRMED)
    shown = card.show(chat, STUDENT)
    chats = [(f"With {shown.other}, {shown.when}", card.link(chat, STUDENT, "chat"))]
    link = {"preferences": contact.preferences_url(student), "answer": ""}.__getitem__
    anew = {"why": why, "chats": chats if why != "asked" else []}
    return Situation("links_anew", name, _named(who, student, link, anew=anew))


def _of_round(letter: str, name: str, who: Cast, **figures: object) -> Situation:
    """A round's letter, to the one person named by the letter: mentor, student or coordinator."""
    of = cast.round_(who)
    shown = {"id": 4, "title": of.title, "minutes": 30, "state": "running"} | figures
    card = RoundCard(**shown)  # type: ignore[arg-type]  # the figures are the card's own
    if letter in ("round_planned", "round_closed", "needs_you"):
        return Situation(letter, name, _named(who, cast.coordinator(who), _board_link, round=card))
    reader = cast.person(who, of.programme, is_mentor=letter == "offer_unused")
    return Situation(letter, name, _named(who, reader, lambda _: contact.preferences_url(reader), round=card))


def _board_link(name: str) -> str:
    return links.page({"round": "board/1/rounds/4", "board": "board/1", "sign_in": "sign-in/abc"}[name])


def _named(who: Cast, reader: object, link: Callable[[str], str], **more: object) -> dict[str, object]:
    return {"reader": reader, "programme": cast.programme(who), "link": link, **more}
