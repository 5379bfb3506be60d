"""Mails in words: those that machines write by themselves (RFC 3834), and what people write."""

import re
from email.message import Message

from mailparser_reply import EmailReplyParser

from scheduler.mail import parts
from scheduler.mail.meaning import Kind, Meaning

TEXT_LIMIT = 10_000
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "pt", "sv", "da"]
"""In which "On … wrote:" is known."""

_PRECEDENCE = frozenset({"auto_reply", "auto-reply", "bulk", "junk", "list"})
_MARKS = ("X-Autoreply", "X-Autorespond", "X-AutoReply-From", "X-Auto-Reply", "List-Id")
_SUBJECTS = re.compile(
    r"auto:|automatic reply|auto-?reply|out of (the )?office|automatische antwort|abwesenheit|"
    r"réponse automatique|absence du bureau|respuesta automática|risposta automatica|automatisch antwoord|"
    r"automatyczna odpowiedź|automatiskt svar|自動返信|自动回复",
    re.I,
)
_CHALLENGERS = re.compile(r"@(.*\.)?(boxbe|spamarrest|bluebottle|mailblocks)\.com$|^spamblocker-challenge@")
_CHALLENGE = re.compile(
    r"(verify|confirm|prove)[^.\n]{0,60}(you are (a )?(human|person)|your (e-?mail )?address|not spam)|"
    r"(release|deliver)[^.\n]{0,40}your (message|e-?mail)[^.\n]{0,60}(click|reply|link)",
    re.I,
)


def read(mail: Message, found: list[Message], sender: str, *, is_automatic: bool) -> Meaning:
    """What a mail without a calendar and without a delivery report is: a machine's, or a person's.

    `is_automatic`: a machine's for other reasons than its headers. X-Auto-Response-Suppress is no sign:
    Exchange puts it into what people write.
    """
    if any(part.get_content_type() == "application/ms-tnef" for part in found):
        return Meaning(kind=Kind.TNEF, reason="Outlook wrapped the mail in winmail.dat, which is not opened.")
    is_automatic = is_automatic or _says_so(mail)
    text = parts.written(found)[:TEXT_LIMIT]
    if _CHALLENGERS.search(sender) or (is_automatic and _CHALLENGE.search(text)):
        return Meaning(kind=Kind.CHALLENGE, text=text, reason="A filter asks whether a human wrote to it.")
    if is_automatic:
        return Meaning(kind=Kind.AUTO_REPLY, text=text, reason="The mail was written by a machine.")
    if not text:
        return Meaning(kind=Kind.GARBAGE, reason="The mail says nothing in words.")
    return Meaning(kind=Kind.NOTE, text=own_words(text), reason="A person wrote it; a person should read it.")


def own_words(text: str) -> str:
    """What the person wrote, without the mail they quote; all of it where nothing would be left."""
    cut = EmailReplyParser(languages=LANGUAGES).parse_reply(text=text) or ""
    return cut.strip() or text


def _says_so(mail: Message) -> bool:
    automatic = parts.header(mail, "Auto-Submitted").lower().partition(";")[0].strip()
    return (
        automatic not in ("", "no")
        or parts.header(mail, "Precedence").lower() in _PRECEDENCE
        or any(name in mail for name in _MARKS)
        or parts.header(mail, "Return-Path") == "<>"
        or _SUBJECTS.match(parts.header(mail, "Subject")) is not None
    )
