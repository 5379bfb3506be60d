"""The life of an ask in two tables: one person being asked to take part in a round."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from scheduler.life import By, Lead, NotNow, Step, after, leads


class AskState(StrEnum):
    """Where an ask stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    OUT = "out"
    SILENT = "silent"


class AskAct(StrEnum):
    """What is done to an ask."""

    ANSWER = "answer"
    OPT_OUT = "opt out"
    PLAN = "plan"
    UNPLAN = "unplan"


LEADS_TO: dict[tuple[StrEnum, StrEnum], tuple[Lead, ...]] = {
    (AskState.ASKED, AskAct.ANSWER): (leads(AskState.ANSWERED),),
    (AskState.SILENT, AskAct.ANSWER): (leads(AskState.ANSWERED),),
    (AskState.OUT, AskAct.ANSWER): (leads(AskState.ANSWERED),),
    (AskState.ANSWERED, AskAct.ANSWER): (leads(AskState.ANSWERED),),
    (AskState.ASKED, AskAct.OPT_OUT): (leads(AskState.OUT),),
    (AskState.ANSWERED, AskAct.OPT_OUT): (leads(AskState.OUT),),
    (AskState.SILENT, AskAct.OPT_OUT): (leads(AskState.OUT),),
    (AskState.ASKED, AskAct.PLAN): (leads(AskState.SILENT),),
    (AskState.SILENT, AskAct.UNPLAN): (leads(AskState.ASKED),),
}

NOBODY_S = frozenset({AskAct.PLAN, AskAct.UNPLAN})
"""Acts that are no answer of the person who is asked."""

OUTCOMES: dict[StrEnum, StrEnum] = {
    AskAct.OPT_OUT: AskState.OUT,
    AskAct.PLAN: AskState.SILENT,
    AskAct.UNPLAN: AskState.ASKED,
}

LETTERS: dict[str, dict[str, str]] = {
    "asked": {"mentor": "offer_wanted", "student": "wish_wanted"},
    "remind": {"mentor": "offer_reminder", "student": "wish_reminder"},
    AskAct.ANSWER: {"mentor": "offer_received", "student": "wish_received"},
    AskAct.OPT_OUT: {"mentor": "offer_received", "student": "wish_received"},
}


def agenda(state: AskState, reminder_days: Sequence[int]) -> tuple[Step, ...]:
    """What falls due for an ask in `state`: reminders on the programme's days, to the silent only.

    A reminder is called by its day, so that one that is done stays done when the programme's days change.
    """
    if state is not AskState.ASKED:
        return ()
    return tuple(
        Step(name=f"remind {days}", anchor="since", offset=timedelta(days=days), worth=timedelta(days=1))
        for days in reminder_days
    )


def follow(state: AskState, act: AskAct, by: By) -> AskState | None:
    """The state `act` leads to, or None if the ask is already there. Raises NotNow."""
    try:
        to = after(LEADS_TO, state, act, by, OUTCOMES)
    except LookupError:
        # Planning over an answered or opted-out ask is no fault: there is nothing for it to do.
        if act in NOBODY_S:
            return None
        raise NotNow("This answer cannot be changed any more.") from None
    return None if to is None else AskState(to)
