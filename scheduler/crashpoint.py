"""Crash points: named places at which a test may let a process die, to see that nothing is lost there.

Outside tests `crashpoint` compares a name with nothing and returns.
"""

import os
import signal

VARIABLE = "CRASHPOINT"
"""In the environment of a test's process: a name, and after a colon at which of its passings to die."""


class _Armed:
    name, _, _passing = os.environ.get(VARIABLE, "").partition(":")
    left = int(_passing or 1)


def crashpoint(name: str) -> None:
    """Die here, as by kill -9, if this is the armed point's chosen passing; else nothing."""
    if name != _Armed.name:
        return
    _Armed.left -= 1
    if _Armed.left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
