"""Secrets in files: those an operator names, and the one a laptop makes for itself."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path


def read(given: dict[str, str], names: Sequence[str]) -> list[str]:
    """Put the first line of each NAME_FILE into `given` under NAME; a sentence for each that went wrong."""
    faults = []
    for name in names:
        path = given.get(f"{name}_FILE")
        if path is None:
            continue
        if name in given:
            faults.append(f"{name} and {name}_FILE are both set: please keep one of them.")
            continue
        try:
            first = Path(path).read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            faults.append(f"{name}_FILE names {path}, which cannot be read: {reason}.")
            continue
        if first:
            given[name] = first
        else:
            faults.append(f"{name}_FILE names {path}, whose first line is empty.")
    return faults


def made_once(path: Path, length: int) -> str:
    """The secret kept at `path`, made at the first call; of two processes making one, the first wins.

    Raises ValueError, with a sentence, where none can be kept or what is there is shorter than `length`.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _keep(path, secrets.token_urlsafe(length))
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ValueError(f"A secret cannot be kept in {path}: {error.strerror}.") from None
    if len(secret) < length:
        raise ValueError(f"{path} does not hold a whole secret: delete it, and a new one is made.")
    return secret


def _keep(path: Path, secret: str) -> None:
    """Written whole beside its place, then linked into it: nobody reads half of one or replaces another's."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
