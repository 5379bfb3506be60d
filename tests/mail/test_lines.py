"""The lines of a letter's text: where they break, and what they never break."""

from hypothesis import given, strategies

from scheduler.mail import lines

LINK = "https://rounds.example.edu/offer/" + "a2b3c4d5e6" * 12


def test_a_long_line_is_broken_between_words() -> None:
    said = "In each round we ask you once when you could meet a student, and any round may well be left out."
    assert lines.tidied(said) == (
        "In each round we ask you once when you could meet a student, and any round may\nwell be left out.\n"
    )


def test_a_line_of_78_is_left_as_it_is() -> None:
    assert lines.tidied("x" * 38 + " " + "y" * 39) == "x" * 38 + " " + "y" * 39 + "\n"
    assert lines.tidied("x" * 39 + " " + "y" * 39) == "x" * 39 + "\n" + "y" * 39 + "\n"


def test_a_link_is_never_broken_nor_parted_from_its_line() -> None:
    assert lines.tidied(f"Pick times:\n{LINK}\n") == f"Pick times:\n{LINK}\n"
    assert lines.tidied(f"Where  Room 4 or {LINK} if it rains") == f"Where  Room 4 or {LINK} if it rains\n"


def test_what_stands_behind_a_label_goes_on_below_itself() -> None:
    assert lines.tidied("When   " + "word " * 15 + "and more") == (
        "When   " + " ".join(["word"] * 14) + "\n       word and more\n"
    )


def test_times_dates_and_brackets_stay_whole() -> None:
    start = "Did you and Dr Maya Okafor meet? It was planned for the day before, for "
    for whole in ("Tuesday 17 November,", "4:30 – 5:00 pm", "11:30 am", "(New York City)"):
        assert lines.tidied(f"{start}{whole} or so.") == f"{start.rstrip()}\n{whole} or so.\n"


def test_the_line_above_the_signature_keeps_its_blank_and_no_other_line_does() -> None:
    assert lines.tidied("Hello,  \n\n\n\nyours.\n\n-- \nWhy you get this.") == (
        "Hello,\n\nyours.\n\n-- \nWhy you get this.\n"
    )


@given(strategies.text(strategies.sampled_from("ab ,(–)1pm:/-\n"), max_size=400))
def test_no_word_is_lost_and_a_second_time_changes_nothing(text: str) -> None:
    once = lines.tidied(text)
    assert once.split() == text.split()
    assert lines.tidied(once) == once
