"""The proposal: a new time put to one side while the chat stands as it is."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.chats.chat import Chat
from scheduler.db import Base, words
from scheduler.life import By, NotNow

OPEN_FOR = timedelta(hours=48)


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    MOVED = "moved"
    STANDS = "stands"


class Proposal(Base):
    """A start somebody wishes the chat to have, open until the other side answers or it is too late."""

    __tablename__ = "proposal"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id", ondelete="CASCADE"), init=False, index=True)
    chat: Mapped[Chat] = relationship(lazy="joined", innerjoin=True)
    starts_at: Mapped[datetime]
    put_by: Mapped[By] = mapped_column(words(By))
    put_to: Mapped[By] = mapped_column(words(By))
    put_at: Mapped[datetime]
    state: Mapped[ProposalState] = mapped_column(words(ProposalState), default=ProposalState.OPEN)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None, index=True)

    def key(self, now: datetime) -> str:
        """What makes a letter of this proposal unique; one that was taken back may be written once more."""
        return f"proposal:{self.id}:{self.state}:{now.timestamp():.0f}"

    def open_until(self, now: datetime) -> None:
        """Set when it falls due: 48 hours from now, or the standing start less the notice."""
        notice = self.chat.round.programme.notice
        self.due_at = max(now, min(now + OPEN_FOR, self.chat.starts_at - notice))

    def settle(self, state: ProposalState, now: datetime) -> bool:
        """Answer it; whether anything changed. Raises NotNow when it was answered otherwise."""
        if self.state is state:
            return False
        if self.state is not ProposalState.OPEN:
            raise NotNow("This suggestion has been answered already.")
        self.state, self.answered_at, self.due_at = state, now, None
        return True

    def open_again(self) -> None:
        """Forget the answer, which was taken back."""
        self.state, self.answered_at = ProposalState.OPEN, None
