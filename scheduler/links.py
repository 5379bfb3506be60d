"""Signed links: what a mail's link may do, for whom, in an address that survives mail programs.

A link is a purpose and a few small claims. It never says whether it still means something: that is decided
by the state of what it points to, so that the answer can be kind. Tokens are lower-case base32, for mail
programs change case and cut addresses at odd letters.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence

from itsdangerous import BadSignature, Signer

LONGEST = 200


class BadLink(Exception):
    """The link is damaged, or not one of ours."""


class OldLink(BadLink):
    """The link is one of ours and has had its time; the text is a sentence that says why."""


class _Bound:
    base_url = ""
    secrets: tuple[str, ...] = ()


_bound = _Bound()


def bind(base_url: str, secrets: Sequence[str]) -> None:
    """Sign with the first of `secrets`, believe all of them; addresses begin with `base_url`."""
    _bound.base_url = base_url.rstrip("/")
    _bound.secrets = tuple(secrets)


def url(purpose: str, **claims: int | str) -> str:
    """The absolute address `BASE_URL/<purpose>/<token>`."""
    return f"{_bound.base_url}/{purpose}/{token(purpose, **claims)}"


def page(path: str) -> str:
    """The absolute address of an unsigned page of ours."""
    return f"{_bound.base_url}/{path.lstrip('/')}"


def token(purpose: str, **claims: int | str) -> str:
    """A token for `claims`, good for `purpose` alone; the same claims give the same token."""
    payload = json.dumps(claims, separators=(",", ":"), sort_keys=True).encode()
    return _encode(_signer(purpose).sign(payload))


def read(purpose: str, text: str) -> dict[str, int | str]:
    """The claims of a token made for `purpose`. Raises BadLink for anything else."""
    if len(text) > LONGEST + 100:
        raise BadLink
    try:
        payload = _signer(purpose).unsign(_decode(text))
    except (BadSignature, binascii.Error, ValueError) as error:
        raise BadLink from error
    claims: dict[str, int | str] = json.loads(payload)
    return claims


def address_token(purpose: str, *numbers: int) -> str:
    """A short keyed token for the local part of an address: the numbers and 80 bits that vouch for them."""
    plain = ".".join(map(str, numbers)).encode()
    return _encode(_vouch(_bound.secrets[0], purpose, plain) + plain)


def read_address_token(purpose: str, text: str) -> tuple[int, ...]:
    """The numbers of an address token. Raises BadLink when it is not ours."""
    try:
        raw = _decode(text)
    except (binascii.Error, ValueError) as error:
        raise BadLink from error
    mark, plain = raw[:10], raw[10:]
    if not any(hmac.compare_digest(mark, _vouch(secret, purpose, plain)) for secret in _bound.secrets):
        raise BadLink
    return tuple(int(number) for number in plain.split(b"."))


def _vouch(secret: str, purpose: str, plain: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose.encode() + b"\0" + plain, hashlib.sha256)[:10]


def _signer(purpose: str) -> Signer:
    # itsdangerous signs with the last of its keys and believes them all.
    return Signer(list(reversed(_bound.secrets)), salt=f"link:{purpose}", digest_method=hashlib.sha256)


def _encode(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _decode(text: str) -> bytes:
    padded = text.upper() + "=" * (-len(text) % 8)
    return base64.b32decode(padded)
