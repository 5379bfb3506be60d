"""The bare address of the service: the coordinators' board. The demo has its own front."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("front", __name__, guard="open")


@pages.get("/")
def begin() -> ResponseReturnValue:
    """On to the board; whoever is not signed in is asked to there."""
    return redirect(url_for("dashboard.programmes"), 303)
