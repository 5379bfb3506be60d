"""The held answer: what came in somebody's name and is not believed until they say that it was theirs."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from scheduler.chats.chat import Chat
from scheduler.db import Base, words
from scheduler.life import By

OPEN_FOR = timedelta(hours=48)
"""For so long the chat's deadline waits, as far as the chat's own time allows."""
COUNTER = "COUNTER"
SAYS = {"ACCEPTED": "Yes", "DECLINED": "No", "TENTATIVE": "Maybe", COUNTER: "Another time, please"}
"""What it says, in a word."""


class HeldAnswer(Base):
    """An answer of which it is not sure whose it is; open until its person, or any act, settles it."""

    __tablename__ = "held_answer"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id", ondelete="CASCADE"), init=False, index=True)
    chat: Mapped[Chat] = relationship(lazy="joined", innerjoin=True)
    side: Mapped[By] = mapped_column(words(By))
    said: Mapped[str] = mapped_column(String(16))
    """Its PARTSTAT, or COUNTER."""
    sender: Mapped[str] = mapped_column(String(254))
    """From's address, as it stood there; empty where it named no single one."""
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def word(self) -> str:
        """What it says, in a word."""
        return SAYS.get(self.said, "")


def open_for(session: Session, chat: Chat, side: By) -> list[HeldAnswer]:
    """Those in `side`'s name that nothing has settled yet, the newest first."""
    which = HeldAnswer.chat_id == chat.id, HeldAnswer.side == side, HeldAnswer.settled_at.is_(None)
    return list(session.scalars(select(HeldAnswer).where(*which).order_by(HeldAnswer.id.desc())))


def settle(session: Session, chat: Chat, now: datetime, *, side: By | None = None) -> int:
    """Nothing is left to ask about those of the chat (of `side` alone, if named); how many were open."""
    sides = (By.STUDENT, By.MENTOR) if side is None else (side,)
    found = [one for each in sides for one in open_for(session, chat, each)]
    for one in found:
        one.settled_at = now
    return len(found)
