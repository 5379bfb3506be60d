"""What our own mail server found out about a mail's sender: Authentication-Results (RFC 8601), weighed.

Anybody can write such a header. Ours is known by its name, and by standing above all that the mail brought
along: a server puts its headers on top.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from authres import AuthenticationResultsHeader, AuthResError

from scheduler.mail import parts
from scheduler.mail.meaning import Verdict

GOOGLE = "google.com"
GOOGLE_CALENDAR = "calendar-notification@google.com"
"""Answers to invitations come from here, with the user's address in From alone."""
_HEADER = "authentication-results"


@dataclass(frozen=True, kw_only=True)
class Border:
    """Our mail server: under which name it says what it found (none: it does not), and how strict we are."""

    authserv_id: str = ""
    holds_without: bool = False
    """Whether an answer is held back that nobody has said anything about."""


def read(mail: Message, sender: str, border: Border) -> Verdict:
    """What is known of the sender. What no server of ours has said is nothing, whoever else did."""
    found = list(_results(mail, border.authserv_id.lower())) if border.authserv_id else []
    domain = sender.rpartition("@")[2]
    passed = [(method, named) for method, result, named in found if result == "pass"]
    if domain and any(_is_aligned(named, domain, is_strict=method == "dmarc") for method, named in passed):
        return Verdict.PASS
    if _is_google_calendar(mail, passed):
        return Verdict.PROVIDER
    has_failed = any(result == "fail" for _, result, _ in found)
    return Verdict.FAIL if has_failed or border.holds_without else Verdict.NONE


def _results(mail: Message, name: str) -> Iterator[tuple[str, str, str]]:
    """Each method, its result, and the domain it is about; of our server's headers alone."""
    for header in _above_ours(mail, name):
        try:
            said = AuthenticationResultsHeader.parse(f"Authentication-Results: {header}")
        except (AuthResError, ValueError, TypeError, AttributeError):  # Microsoft's, and nonsense
            continue
        if str(said.authserv_id).lower() != name:
            continue
        for one in said.results:
            domains = [str(part.value) for part in one.properties if (part.type, part.name) in _ABOUT]
            domain = domains[0].rpartition("@")[2].lower() if domains else ""
            yield str(one.method).lower(), str(one.result).lower(), domain


_ABOUT = {("header", "from"), ("header", "d"), ("header", "i"), ("smtp", "mailfrom")}
"""Where DMARC, DKIM and SPF name the domain they speak of (RFC 8601, 2.7)."""


def _above_ours(mail: Message, name: str) -> Iterator[str]:
    """The headers in question that stand above the Received that our server wrote, else above the first."""
    headers = [(key.lower(), parts.unfolded(str(value))) for key, value in mail.items()]
    taken = [at for at, (key, _) in enumerate(headers) if key == "received"]
    by_us = re.compile(rf"\bby\s+{re.escape(name)}(?![\w.-])", re.I)
    ours = next((at for at in taken if by_us.search(headers[at][1])), taken[0] if taken else len(headers))
    return (value for key, value in headers[:ours] if key == _HEADER)


def _is_aligned(named: str, domain: str, *, is_strict: bool) -> bool:
    """Whether what passed is about the sender's domain, or one above or below it (RFC 7489, 3.1)."""
    if named == domain or is_strict or not named:
        return named == domain
    shorter, longer = sorted((named, domain), key=len)
    return "." in shorter and longer.endswith(f".{shorter}")


def _is_google_calendar(mail: Message, passed: list[tuple[str, str]]) -> bool:
    sent_by = parts.address_of(mail, "Sender")
    returns_to = parts.address_of(mail, "Return-Path").rpartition("@")[2]
    is_googles = returns_to == GOOGLE or returns_to.endswith(f".{GOOGLE}")
    return ("dkim", GOOGLE) in passed and sent_by == GOOGLE_CALENDAR and is_googles
