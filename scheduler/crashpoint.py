"""Crash points: named places at which a test may let a process die, to see that nothing is lost there.

Outside tests `crashpoint` compares a name with nothing and returns.
"""

import os
import signal


class _Armed:
    name, left = "", 0


def arm(name: str, passing: int = 1) -> None:
    """From now on die at this passing of the point `name`; for tests."""
    _Armed.name, _Armed.left = name, passing


def crashpoint(name: str) -> None:
    """Die here, as by kill -9, if this is the armed point's chosen passing; else nothing."""
    if name != _Armed.name:
        return
    _Armed.left -= 1
    if _Armed.left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
