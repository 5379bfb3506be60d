"""Whether the service lives, `/healthz`, and whether it is ready, `/readyz`: for whatever watches over it."""

from flask import Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from scheduler.operating import readiness
from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("health", __name__, guard="open")
ALIVE, READY = PATHS = ("/healthz", "/readyz")


@pages.get(ALIVE)
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@pages.get(READY)
def ready() -> ResponseReturnValue:
    """200 when all that pages, work and mail need is there, else 503; reasons and notes in sentences."""
    reasons, notes = readiness.look(current_app.extensions["wired"].settings)
    return jsonify(ready=not reasons, reasons=reasons, notes=notes), 503 if reasons else 200
