"""The held answer: what came in somebody's name and is not believed until they say that it was theirs."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from scheduler.chats.chat import Chat
from scheduler.db import Base, words
from scheduler.life import By, NotNow

OPEN_FOR = timedelta(hours=48)
"""For so long the chat's deadline waits, as far as the chat's own time allows."""
COUNTER = "COUNTER"
SAYS = {"ACCEPTED": "Yes", "DECLINED": "No", "TENTATIVE": "Maybe", COUNTER: "Another time, please"}
"""What it says, in a word."""


class Shown(NamedTuple):
    """A held answer as its person is asked about it, in a letter or on a page."""

    id: int
    sender: str
    word: str
    is_counter: bool = False
    """Whether it proposes a time; which one is for its person to pick."""


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
    def shown(self) -> Shown:
        """What its person is asked about, in words."""
        return Shown(
            self.id, self.sender or "an unknown address", SAYS.get(self.said, ""), self.said == COUNTER
        )


def open_for(session: Session, chat: Chat, side: By) -> list[HeldAnswer]:
    """Those in `side`'s name that nothing has settled yet, the oldest first."""
    which = HeldAnswer.chat_id == chat.id, HeldAnswer.side == side, HeldAnswer.settled_at.is_(None)
    return list(session.scalars(select(HeldAnswer).where(*which).order_by(HeldAnswer.id)))


def find(session: Session, chat: Chat, side: By, number: int) -> HeldAnswer:
    """The one of this number, settled or not, in `side`'s name. Raises NotNow where there is none."""
    found = session.get(HeldAnswer, number)
    if found is None or (found.chat_id, found.side) != (chat.id, side):
        raise NotNow("There is no such answer to this chat. Please open your latest mail.")
    return found


def settle(session: Session, chat: Chat, now: datetime) -> None:
    """The chat has changed: nothing is left to ask about any answer to it."""
    for side in (By.STUDENT, By.MENTOR):
        for one in open_for(session, chat, side):
            one.settled_at = now
