"""The life of a round in two tables: what leads where, and what falls due."""

from datetime import timedelta
from enum import StrEnum

from scheduler.life import By, Lead, NotNow, Step, after, leads


class Stage(StrEnum):
    """Where a round stands."""

    OPEN = "open"
    ASKING = "asking"
    DRAFTED = "drafted"
    RUNNING = "running"
    CLOSED = "closed"
    CANCELLED = "cancelled"


OVER = frozenset({Stage.CLOSED, Stage.CANCELLED})


class RoundAct(StrEnum):
    """What is done to a round."""

    ASK = "ask"
    DRAFT = "draft"
    PUBLISH = "publish"
    SETTLE = "settle"
    CLOSE = "close"
    CANCEL = "cancel"


LEADS_TO: dict[tuple[StrEnum, StrEnum], tuple[Lead, ...]] = {
    (Stage.OPEN, RoundAct.ASK): (leads(Stage.ASKING),),
    (Stage.ASKING, RoundAct.DRAFT): (leads(Stage.DRAFTED),),
    (Stage.DRAFTED, RoundAct.DRAFT): (leads(Stage.DRAFTED),),
    (Stage.DRAFTED, RoundAct.PUBLISH): (leads(Stage.RUNNING),),
    (Stage.RUNNING, RoundAct.SETTLE): (leads(Stage.RUNNING),),
    (Stage.RUNNING, RoundAct.CLOSE): (leads(Stage.CLOSED),),
    **{
        (stage, RoundAct.CANCEL): (leads(Stage.CANCELLED),)
        for stage in (Stage.OPEN, Stage.ASKING, Stage.DRAFTED, Stage.RUNNING)
    },
}

OUTCOMES: dict[StrEnum, StrEnum] = {
    RoundAct.ASK: Stage.ASKING,
    RoundAct.PUBLISH: Stage.RUNNING,
    RoundAct.CLOSE: Stage.CLOSED,
    RoundAct.CANCEL: Stage.CANCELLED,
}

CALLED_OFF = Step(name=RoundAct.CANCEL, anchor="ends_at", offset=timedelta(0))
"""A round that nobody published has come to nothing once its dates are over: whoever answered hears so."""

AGENDA: dict[Stage, tuple[Step, ...]] = {
    Stage.OPEN: (CALLED_OFF,),
    Stage.DRAFTED: (CALLED_OFF,),
    Stage.ASKING: (Step(name=RoundAct.DRAFT, anchor="answer_by", offset=timedelta(0)),),
    Stage.RUNNING: (
        Step(name=RoundAct.SETTLE, anchor="settle_by", offset=timedelta(days=1)),
        Step(name=RoundAct.CLOSE, anchor="ends_at", offset=timedelta(days=9)),
    ),
}
"""`settle_by` is the last first proposal's deadline; `refill` falls due whenever a slot is freed."""

LETTERS: dict[str, tuple[str, ...]] = {
    RoundAct.DRAFT: ("round_planned",),
    RoundAct.SETTLE: ("left_out", "offer_unused"),
    RoundAct.CLOSE: ("round_closed",),
}

WHY_NOT: dict[StrEnum, str] = {
    Stage.OPEN: "Nobody has been asked yet. Ask people first.",
    Stage.ASKING: "People are still being asked, and there is no plan yet. Make a plan first.",
    Stage.DRAFTED: "This round is planned but not published.",
    Stage.RUNNING: "This round is running already.",
    Stage.CLOSED: "This round is closed.",
    Stage.CANCELLED: "This round was cancelled.",
}


def follow(stage: Stage, act: RoundAct, by: By) -> Stage | None:
    """The stage `act` leads to, or None if the round is already there. Raises NotNow."""
    try:
        to = after(LEADS_TO, stage, act, by, OUTCOMES)
    except LookupError:
        raise NotNow(WHY_NOT[stage]) from None
    return None if to is None else Stage(to)
