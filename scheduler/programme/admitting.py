"""Signing coordinators in and out: asked for by address, entered by a mailed link or code."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import limits, links
from scheduler.links import BadLink
from scheduler.mail import letter, posting
from scheduler.mail.invite import Mailbox
from scheduler.mail.posting import Posting
from scheduler.programme import names
from scheduler.programme.coordinator import Coordinator, Seat, SignIn

GOOD_FOR = timedelta(minutes=10)
INVITE_GOOD_FOR = timedelta(hours=24)
MOST_WRONG = 5
FROM_ONE_PLACE = (5, timedelta(hours=1))
FOR_ONE_ADDRESS = (20, timedelta(hours=1))
FROM_ONE_NETWORK = (30, timedelta(hours=1))


@dataclass(frozen=True)
class _Brand:
    """What a sign-in is to: the whole board, whatever programmes somebody runs."""

    name: str = "Coffee Rounds"
    texts: Mapping[str, str] = field(default_factory=dict)


def ask(session: Session, email: str, browser: str, now: datetime, *, network: str) -> None:
    """Send a link and a code to the coordinator with this address, good once, for ten minutes.

    An unknown address, one that is none, and one past the limits end the same way, and an unknown one takes
    as long: nothing shows whether somebody coordinates. `browser` is the secret its cookie holds.
    """
    try:
        email = names.clean_address(email)
    except names.BadAddress:
        return
    if not _within_limits(session, email, network, now):
        return
    found = session.scalar(select(Coordinator).where(Coordinator.email == email))
    if found is None:
        _pretend(session, email, now)
        return
    code = f"{secrets.randbelow(10**6):06}"
    asked = _sign_in(session, found, now, GOOD_FOR, code=code, browser=browser)
    post = _posting(found, f"sign-in:{asked.id}", _url(asked), code, now)
    if not posting.post(session, post, now):
        letter.render(post.letter, post.context)


def enter(session: Session, token: str, code: str, browser: str, now: datetime) -> str | None:
    """A new seat's cookie secret for a link (`token`), a code, or both; None when they do not open.

    A link alone opens in the browser that asked, elsewhere with its code; a code alone opens in the browser
    that asked for it last. The coordinator's invitation opens anywhere. Each is good once; five wrong codes
    end it. A wrong code is counted: the caller commits when None comes back.
    """
    asked = _by_token(session, token) if token else _by_browser(session, browser)
    if asked is None or not is_open(asked, now):
        return None
    if not (token and is_at_home(asked, browser)) and not _is_code(asked, code):
        asked.wrong_tries += 1
        return None
    asked.used_at = now
    secret = secrets.token_urlsafe(32)
    session.add(Seat(coordinator=asked.coordinator, cookie_hash=hashed(secret), since=now, seen_at=now))
    session.flush()
    return secret


def find(session: Session, token: str) -> SignIn | None:
    """The sign-in a link was made for; None for a damaged link, or one of which nothing is kept."""
    try:
        claims = links.read("sign-in", token)
    except BadLink:
        return None
    found = session.get(SignIn, claims.get("s", 0))
    return found if found is not None and claims.get("t") == _second(found.asked_at) else None


def is_open(asked: SignIn, now: datetime) -> bool:
    """Whether it may still be used."""
    return asked.used_at is None and now < asked.good_until and asked.wrong_tries < MOST_WRONG


def is_at_home(asked: SignIn, browser: str) -> bool:
    """Whether its link needs no code here: in the browser that asked, or, for an invitation, anywhere."""
    return not asked.browser_hash or (bool(browser) and asked.browser_hash == hashed(browser))


def invite(session: Session, coordinator: Coordinator, now: datetime) -> str:
    """The address of a sign-in for a coordinator, good once, for a day, in any browser."""
    return _url(_sign_in(session, coordinator, now, INVITE_GOOD_FOR))


def leave(session: Session, seat: Seat, now: datetime) -> None:
    """Sign this browser out; twice is once."""
    if seat.ended_at is None:
        seat.ended_at = now
        session.flush()


def touch(seat: Seat, now: datetime) -> None:
    """The seat is in use: its hours of idleness begin anew."""
    seat.seen_at = max(seat.seen_at, now)


def _within_limits(session: Session, email: str, network: str, now: datetime) -> bool:
    """Count one more ask: few by one network for one address, so that a stranger's use up their own."""
    counts = (
        ("sign-in network", network, *FROM_ONE_NETWORK),
        ("sign-in place", f"{email} {network}", *FROM_ONE_PLACE),
        ("sign-in address", email, *FOR_ONE_ADDRESS),
    )
    return all(limits.allows(session, what, whom, now, most=m, within=w) for what, whom, m, w in counts)


def _sign_in(
    session: Session,
    coordinator: Coordinator,
    now: datetime,
    good_for: timedelta,
    *,
    code: str = "",
    browser: str = "",
) -> SignIn:
    asked = SignIn(
        coordinator=coordinator,
        asked_at=now,
        good_until=now + good_for,
        code_hash=hashed(code) if code else "",
        browser_hash=hashed(browser) if browser else "",
    )
    session.add(asked)
    session.flush()
    return asked


def _url(asked: SignIn) -> str:
    return links.url("sign-in", s=asked.id, t=_second(asked.asked_at))


def _posting(to: Coordinator, event: str, url: str, code: str, now: datetime) -> Posting:
    return Posting(
        letter="sign_in",
        event=event,
        about=event,
        reader=Mailbox(to.name, to.email),
        context={
            "reader": to,
            "programme": _Brand(),
            "link": {"sign_in": url}.__getitem__,
            "sign_in": {"code": code, "minutes": int(GOOD_FOR.total_seconds()) // 60},
        },
        useful_until=now + GOOD_FOR,
        never_twice=True,
    )


def _pretend(session: Session, email: str, now: datetime) -> None:
    """Do the work of a letter and leave nothing of it: the time it takes must not tell."""
    undone = session.begin_nested()
    url = links.url("sign-in", s=0, t=_second(now))
    nobody = Coordinator(email=email, created_at=now)
    post = _posting(nobody, "sign-in:0", url, f"{secrets.randbelow(10**6):06}", now)
    if not posting.post(session, post, now):
        letter.render(post.letter, post.context)
    undone.rollback()


def _by_token(session: Session, token: str) -> SignIn | None:
    found = find(session, token)
    if found is not None:
        session.refresh(found, with_for_update=True)
    return found


def _by_browser(session: Session, browser: str) -> SignIn | None:
    if not browser:
        return None
    mine = select(SignIn).where(SignIn.browser_hash == hashed(browser))
    return session.scalar(mine.order_by(SignIn.id.desc()).limit(1).with_for_update(of=SignIn))


def _is_code(asked: SignIn, code: str) -> bool:
    digits = "".join(code.split())
    return bool(asked.code_hash) and secrets.compare_digest(asked.code_hash, hashed(digits))


def hashed(secret: str) -> str:
    """What is kept of a cookie, a code or a network."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _second(moment: datetime) -> int:
    return int(moment.timestamp())
