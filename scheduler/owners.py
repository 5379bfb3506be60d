"""Owners: who has something in hand, a letter or the clock, and whether they are gone; names that tell it."""

import itertools
import os
import socket
import threading
from hashlib import sha256
from pathlib import Path

LONGEST_NAME = 28
_PROC = Path("/proc")
_numbers = itertools.count(1)
_at_work: set[str] = set()
_lock = threading.Lock()


def begin() -> str:
    """A name nobody else has, of somebody at work from now on until `end`: host, process, its start, number.

    The start is counted from the machine's own start, so that a clock put back makes nobody look dead
    (psutil's create_time moves with the clock).
    """
    pid = os.getpid()
    with _lock:
        name = f"{_host()}:{pid}:{_started(pid)}:{next(_numbers)}"
        _at_work.add(name)
    return name


def end(name: str) -> None:
    """What `name` was to do is done, or broke off; whatever it has left behind may be taken over."""
    with _lock:
        _at_work.discard(name)


def is_gone(name: str) -> bool:
    """Whether `name` surely does no more. Of other hosts nothing is known: their leases have to run out."""
    host, _, rest = name.partition(":")
    pid, _, rest = rest.partition(":")
    if host != _host() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        with _lock:
            return name not in _at_work
    started = _started(int(pid))
    return started != rest.partition(":")[0] if started else not _is_there(int(pid))


def in_words(name: str) -> str:
    """Like "process 4711 of rounds-1", for an operator."""
    host, number, *_ = f"{name}::".split(":")
    return f"process {number} of {host.partition('/')[0]}"


def _host() -> str:
    """This machine since it was started, and this container on it: where a process's number means one.

    Its name stands before it, for people; cut, since it may be a long one.
    """
    about = [socket.gethostname()]
    try:
        about.append((_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        about.append(os.readlink(_PROC / "self/ns/pid"))
    except OSError:
        pass  # not Linux: the host's name has to do
    name = about[0][:LONGEST_NAME].replace(":", "-").replace("/", "-")
    return f"{name}/{sha256(' '.join(about).encode()).hexdigest()[:16]}"


def _started(pid: int) -> str:
    """When the process was started, on its machine's own count; empty where that is not to be read."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
    return "dead" if fields[0] in "ZX" else fields[19]


def _is_there(pid: int) -> bool:
    """Whether there is such a process, though we may not look at it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
