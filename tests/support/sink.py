"""A mail server for tests: takes everything it is offered on 127.0.0.1, and keeps it as it came."""

from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class _Door(Controller):
    """Takes any free port; aiosmtpd looks in by the one it was told, so it is told the one it got."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Sink:
    """Listens on a free port while the `with` block lasts; `mails` are (recipient, bytes) in order.

    What aiosmtpd's server can be told beside, as encryption, goes to it.
    """

    def __init__(self, **more: object) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.senders: list[str] = []
        self._door = _Door(self, hostname="127.0.0.1", port=0, decode_data=False, **more)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's name for: a whole mail has come."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.senders.append(envelope.mail_from or "")
        self.mails += [(recipient, content) for recipient in envelope.rcpt_tos]
        return "250 kept"

    @property
    def url(self) -> str:
        """Where it listens, as SMTP_URL says it."""
        return f"smtp://127.0.0.1:{self._door.port}"

    def __enter__(self) -> Self:
        self._door.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._door.stop()
