"""A programme's own words: which letters may open with some of the coordinator's, and how those are read."""

from typing import NamedTuple

from scheduler.programme import names

LIMIT = 400


class Opening(NamedTuple):
    """A letter as the board lists it: what it is about, and when somebody gets it."""

    title: str
    when: str


OPENINGS = {
    "welcome": Opening("Welcome", "to whoever joins, once they are in"),
    "offer_wanted": Opening("When could you meet a student?", "to each mentor when a round begins to ask"),
    "offer_reminder": Opening("Still time to offer a chat", "to mentors who have not answered yet"),
    "offer_received": Opening("Thank you for your times", "to a mentor who has answered"),
    "wish_wanted": Opening("Are you in this round?", "to each student when a round begins to ask"),
    "wish_reminder": Opening("Still time to join this round", "to students who have not answered yet"),
    "wish_received": Opening("You are in this round", "to a student who has answered"),
    "chat_proposed": Opening("The invitation", "to a student for whom a chat is found"),
    "chat_nudge": Opening("Would this time suit you?", "to a student who has not answered yet"),
    "chat_confirmed": Opening("The chat is agreed", "to both once the student has said yes"),
    "chat_reminder": Opening("The reminder", "to both before a chat"),
    "chat_moved": Opening("The chat has a new time", "to both when one of them, or you, moved it"),
    "chat_placed": Opening("The place of the chat", "to both when you set it"),
    "chat_new_time": Opening("A new time for your coffee chat?", "to one when the other asks for it"),
    "chat_time_stands": Opening("Your coffee chat stays where it was", "to who asked for a new time in vain"),
    "held_answer": Opening("Was this answer yours?", "to one in whose name an unsure answer came"),
    "chat_other_times": Opening("That time does not suit both", "to one whose calendar proposed such a time"),
    "answer_too_late": Opening("Your answer came too late", "to one whose calendar answered a former time"),
    "note_received": Opening("Your mail has arrived", "to whoever wrote a mail, once a day at most"),
    "chat_cancelled": Opening("The chat is cancelled", "to both when one of them, or you, cancelled it"),
    "chat_declined": Opening("The other can’t make it", "to one when the other declined"),
    "chat_try_again": Opening("Would another time suit you?", "to who declined, with the next common times"),
    "chat_lapsed": Opening("Would you still like a chat?", "to a student who did not answer in time"),
    "chat_how_was_it": Opening("Did you two meet?", "to both after a chat"),
    "chat_missed": Opening("Shall we find another time?", "to both after a missed chat, with the next times"),
    "chat_no_time_left": Opening("No common time is left", "to both after a missed chat, where none is left"),
    "chat_prompt": Opening("Another time for coffee?", "once more to whoever took none of the new times"),
    "left_out": Opening("No chat this time", "to students without a chat, with the reason"),
    "offer_unused": Opening("Thank you for offering times", "to mentors without a chat"),
    "paused": Opening("You are taking a break", "to whoever pauses"),
    "left": Opening("You have left", "to whoever leaves"),
}
"""The letters of mentors and students, in the order in which a round writes them.

Not those that make sure of an address or sign somebody in: there, only our own words may stand.
"""


class TooLong(ValueError):
    """Words that cannot be kept; the text is a sentence for people."""


def read(text: str) -> str:
    """The words as they are kept: cleaned, in lines; empty for none. Raises TooLong."""
    words = names.clean_lines(text, 10 * LIMIT)
    if len(words) > LIMIT:
        raise TooLong(f"These words have {len(words)} characters; {LIMIT} are the most.")
    return words
