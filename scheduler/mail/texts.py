"""Mails in words: those that machines write by themselves (RFC 3834), and what people write."""

import re
from email.message import Message

from scheduler.mail import parts
from scheduler.mail.meaning import Kind, Meaning

TEXT_LIMIT = 10_000
ATTRIBUTION_LINES = 3
"""Over so many lines "On … wrote:" may be broken."""

_BEGINS = re.compile(r"(On|Am|Le|El|Il|Op|W dniu|Dnia|Em|Den|På|Il giorno)\b")
_SEPARATOR = re.compile(r"-{3,}.{0,60}-{3,}|_{10,}")
_FIELD = re.compile(r"\*?(From|Von|De|Da|Van|Od|Från|Fra|Sent|Gesendet|Envoyé)\b.{0,3}:")
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

SOUNDS_LIMIT = 500
_SOUNDS = {
    "cannot come": re.compile(
        r"\b(can(no|['’])?t|won['’]?t be able to|unable to) (make|come|attend|meet|be there)",
        re.I,
    ),
    "another time": re.compile(
        r"\b(another|different|other) (time|day|date)s?\b|\breschedul|\bpostpone", re.I
    ),
    "will come": re.compile(r"\b(i['’]ll|i will) be there\b|\bsee you (then|there)\b|\bworks for me\b", re.I),
}


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


def sounds_like(words: str) -> str:
    """What a person seems to want, a suggestion for a coordinator; empty where that is not plain.

    Nothing follows from it: "yes, but not at three" and "can't wait" are what people write. Of several
    meanings none is suggested.
    """
    found = [meaning for meaning, pattern in _SOUNDS.items() if pattern.search(words[:SOUNDS_LIMIT])]
    return found[0] if len(found) == 1 else ""


def own_words(text: str) -> str:
    """What the person wrote above the mail they quote; all of it where nothing stands above.

    Each line is looked at once, whatever it holds: the libraries for this look so much harder at some that
    a short mail keeps them busy for half a minute.
    """
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if line.startswith(">"):
            return _above(lines, _attribution(lines, at), text)
        if _SEPARATOR.fullmatch(line.strip()) and any(
            _FIELD.match(next_) for next_ in lines[at + 1 : at + 4]
        ):
            return _above(lines, at, text)
    return text


def _above(lines: list[str], at: int, text: str) -> str:
    return "\n".join(lines[:at]).strip() or text


def _attribution(lines: list[str], quote: int) -> int:
    """Where the words begin that introduce this quote; the quote itself where there are none."""
    last = next((at for at in range(quote - 1, -1, -1) if lines[at].strip()), -1)
    if last < 0 or not lines[last].rstrip().endswith(":"):
        return quote
    block = range(last, max(last - ATTRIBUTION_LINES, -1), -1)
    return next((at for at in block if _BEGINS.match(lines[at])), last)


def _says_so(mail: Message) -> bool:
    automatic = parts.header(mail, "Auto-Submitted").lower().partition(";")[0].strip()
    return (
        automatic not in ("", "no")
        or parts.header(mail, "Precedence").lower() in _PRECEDENCE
        or any(name in mail for name in _MARKS)
        or parts.header(mail, "Return-Path") == "<>"
        or _SUBJECTS.match(parts.header(mail, "Subject")) is not None
    )
