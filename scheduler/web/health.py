"""Whether the service lives: `/healthz` says so and nothing else."""

from flask import Response

from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("health", __name__, guard="open")


@pages.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")
