"""Cleaning on entry: people's names, other one-line text, mail addresses and time zones."""

import difflib
import functools
import re
import unicodedata
import zoneinfo

import email_validator

from scheduler.refusal import Refusal

NAME_LIMIT = 80
PLACE_LIMIT = 200
ADDRESS_LIMIT = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets

_MARKS_ON_ONE_BASE = 8  # real scripts need fewer; towers of marks would hide the lines around them
_JOINERS = "\u200c\u200d"  # Persian and Indic names need them inside a word
# Letters, marks and a symbol that show as nothing: a name of these alone would be an empty one.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_BLANKS = {" ": "a blank", "\t": "a tab", "\n": "a line break", "\r": "a line break"}
_DEGREES = frozenset({"md", "do", "phd", "md phd", "md, phd", "mph", "mba", "msc", "rn", "jr", "sr"})
_TITLES = frozenset({"dr", "prof", "professor", "mr", "mrs", "ms", "mx", "sir", "dame"})
_NO_ZONES = frozenset({"localtime", "Factory"})  # listed, but they name no place


class BadAddress(Refusal):
    """A mail address nothing can be sent to; the text is a sentence for people."""


class BadPlace(Refusal):
    """A place too long to keep; the text is a sentence for people."""


class BadTitle(Refusal):
    """A name no programme can have; the text is a sentence for people."""


class BadZone(Refusal):
    """A time zone that does not exist; the text is a sentence for people."""


def clean_name(text: str) -> str:
    """A person's name, safe in a header and in a calendar: as `clean_text`, at most 80 characters,
    without double quotes (RFC 5545 section 3.2 has no way to write one). "" when nothing is left."""
    return _clean(text, NAME_LIMIT, unwanted='"')


def first_name(name: str) -> str:
    """A name up to its first blank, past a title; of "Müller, Jörg" what follows the comma."""
    last, _, first = name.partition(", ")
    is_last_first = bool(first) and first.replace(".", "").lower() not in _DEGREES
    named = first if is_last_first else last
    parts = [part for part in named.split() if part.rstrip(".").lower() not in _TITLES]
    return parts[0] if parts else name


def clean_title(text: str) -> str:
    """A programme's name, as `clean_text`. Raises BadTitle for none, and for more than 80 characters."""
    title = clean_text(text, 10 * NAME_LIMIT)
    if not title:
        raise BadTitle("The programme needs a name.")
    if len(title) > NAME_LIMIT:
        raise BadTitle(f"The programme’s name can have {NAME_LIMIT} characters at most; this one is longer.")
    return title


def clean_place(text: str) -> str:
    """A room or a video link, as `clean_text`. Raises BadPlace for more than 200 characters: part of a link
    leads nowhere."""
    place = clean_text(text, 10 * PLACE_LIMIT)
    if len(place) > PLACE_LIMIT:
        raise BadPlace(
            f"The place {quoted(place)} is too long. "
            f"Please write it in {PLACE_LIMIT} characters or fewer; a shorter link works as well."
        )
    return place


def clean_text(text: str, limit: int) -> str:
    """One line of free text in NFC, at most `limit` characters, blanks folded to single ones; no control,
    format, private or unassigned characters (so no bidi override), no line or paragraph separators, no mark
    without a base and never a base cut from its marks. Cleaning twice is cleaning once."""
    return _clean(text, limit, unwanted="")


def clean_lines(text: str, limit: int) -> str:
    """Text of several lines, each as `clean_text` with this limit; empty lines are folded to single ones, and
    there are none at the ends."""
    lines = [clean_text(line, limit) for line in text[: 10 * limit].splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def quoted(text: str) -> str:
    """The text as our sentences quote it: cleaned, short, in typographic quotes."""
    short = clean_text(text, 60)
    return f"“{short}…”" if len(clean_text(text, 61)) > len(short) else f"“{short}”"


def clean_address(text: str) -> str:
    """The address in the one form we store, compare and send to: all lower case, since providers return
    addresses so, and ASCII, a domain of other letters in its `xn--` form (RFC 5890), since not every mail
    server takes more. No look-up of the domain. Raises BadAddress with a sentence."""
    bare = _without_edges(text)
    if not bare:
        raise BadAddress("The mail address is missing.")
    if len(bare) > ADDRESS_LIMIT:
        raise BadAddress(f"{quoted(bare)} is too long for a mail address.")
    # Lower-casing and NFC turn some other letters into ASCII ones (the Kelvin sign into k), and so one
    # person's address into another's: before the @-sign nothing but ASCII is taken at all.
    if not bare.rpartition("@")[0].isascii():
        raise BadAddress(f"{quoted(bare)} has letters before the @-sign that not every mail server takes.")
    try:
        valid = email_validator.validate_email(bare, check_deliverability=False, allow_smtputf8=False)
    except email_validator.EmailNotValidError as error:
        raise BadAddress(f"{quoted(bare)} is not a mail address: {_what_is_wrong(bare, error)}.") from None
    return (valid.ascii_email or valid.normalized).lower()


def _what_is_wrong(address: str, error: email_validator.EmailNotValidError) -> str:
    """The validator's finding in words that need no knowledge of Unicode or of the domain name system."""
    unseen = next((letter for letter in address if not letter.isprintable() or letter.isspace()), None)
    if unseen is not None:
        return f"it has {_BLANKS.get(unseen, 'a letter that cannot be seen')} in it"
    why = clean_text(str(error), 200).rstrip(".")
    if "top-level" in why:
        return "no address ends like that"
    return f"{why[:1].lower()}{why[1:]}"


def find_zone(text: str) -> str | None:
    """The IANA name of a zone written in any capitals, or None. Never asks zoneinfo to open it: for some
    texts that raises what is no ValueError, and `localtime` would mean another place on each machine."""
    return _zones().get(text.strip().lower())


def known_zone(text: str) -> str:
    """As `find_zone`, but raises BadZone with a sentence that names the nearest zones."""
    zone = find_zone(text)
    if zone is None:
        raise BadZone(unknown_zone(text, _nearest(text)))
    return zone


def unknown_zone(text: str, nearest: tuple[str, ...] = ()) -> str:
    """The sentence about a zone that does not exist."""
    if not text.strip():
        return "The time zone is missing."
    if nearest:
        return f"{quoted(text)} is not a time zone; did you mean {' or '.join(nearest)}?"
    return f"{quoted(text)} is not a time zone; write one such as America/New_York or Europe/Berlin."


def _clean(text: str, limit: int, *, unwanted: str) -> str:
    if _is_plain(text):
        plain = text.replace(unwanted, "") if unwanted else text
        return " ".join(plain.split())[:limit].rstrip()
    # Putting a long run of marks into order takes the square of its length, so the text is cut first.
    now = unicodedata.normalize("NFC", text[: 10 * limit])
    # What stood apart may join once something between is gone, so until nothing changes; each turn removes.
    while (folded := unicodedata.normalize("NFC", _fold(now, unwanted))) != now:
        now = folded
    return _cut(now, limit)


def _is_plain(text: str) -> bool:
    """Whether nothing but blanks need be looked at; most text is so, and a list of 20,000 people long."""
    beyond = "" if text.isascii() else "".join(character for character in text if character > "\x7f")
    if beyond and not (beyond.isalnum() and _UNSEEN.isdisjoint(beyond)):
        return False
    return text.isprintable() and unicodedata.is_normalized("NFC", text)


def _fold(text: str, unwanted: str) -> str:
    """The text less what may not stand in it. A gap is a blank or a joiner met, which stays only if
    something it can stand before follows."""
    kept: list[str] = []
    gap, marks = "", 0
    for character in text:
        kind = _kind(character)
        if kind == "blank":
            gap = " " if kept else ""
        elif kind == "joiner":
            gap = gap or (character if kept and _kind(kept[-1]) in ("letter", "mark") else "")
        elif kind != "gone" and character not in unwanted:
            if kind == "mark" and (not kept or gap == " " or marks == _MARKS_ON_ONE_BASE):
                continue
            marks = marks + 1 if kind == "mark" else 0
            if gap == " " or kind != "other":
                kept.append(gap)
            kept.append(character)
            gap = ""
    return "".join(kept)


def _kind(character: str) -> str:
    if character.isspace():
        return "blank"
    if character in _JOINERS:
        return "joiner"
    if character in _UNSEEN:
        return "gone"
    return {"C": "gone", "M": "mark", "L": "letter"}.get(unicodedata.category(character)[0], "other")


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    end = limit
    while end and _kind(text[end]) in ("mark", "joiner"):
        end -= 1
    return text[:end].rstrip(" " + _JOINERS)


def _without_edges(text: str) -> str:
    """The text less blanks and invisible characters at its ends, which come along when copied."""
    if text.isascii() and text.isprintable():
        return text.strip()
    seen = [at for at, character in enumerate(text) if _kind(character) not in ("blank", "joiner", "gone")]
    return text[seen[0] : seen[-1] + 1] if seen else ""


@functools.cache
def _zones() -> dict[str, str]:
    return {zone.lower(): zone for zone in zoneinfo.available_timezones() - _NO_ZONES}


def _nearest(text: str) -> tuple[str, ...]:
    """Up to three zones whose name, or whose city alone, is like the text."""
    wanted = "_".join(text[:64].lower().split())
    # Names without a place (EST, ROC) are never suggested: for three letters anything is near.
    places = {low: zone for low, zone in sorted(_zones().items()) if "/" in low and low[:3] != "etc"}
    if wanted in places:
        return (places[wanted],)
    same_city = [zone for low, zone in places.items() if low.rpartition("/")[2] == wanted]
    like = difflib.get_close_matches(wanted, list(places), n=3, cutoff=0.75)
    cities = {low.rpartition("/")[2]: zone for low, zone in places.items()}
    like_city = difflib.get_close_matches(wanted, list(cities), n=2, cutoff=0.8)
    found = [*same_city, *(places[low] for low in like), *(cities[low] for low in like_city)]
    return tuple(dict.fromkeys(found))[:3]
