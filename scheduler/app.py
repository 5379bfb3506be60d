"""The pages on the wiring: `create_app()` for gunicorn, tests and the demo."""

from functools import partial
from pathlib import Path

import structlog
from flask import Flask, Request, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import MapAdapter

from scheduler import db, localtime, queue, settings, wiring
from scheduler.db import Conflict
from scheduler.life import NotAllowed, NotNow
from scheduler.links import BadLink
from scheduler.settings import Settings
from scheduler.web import blueprints, drawing, fresh, health, numbers

log = structlog.get_logger()
HERE = Path(__file__).parent
LARGEST_BODY = 12 * 1024 * 1024
RETRY_AFTER_SECONDS = "60"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}
PLAIN_WORDS = {
    400: "That could not be read. Please go back and try again.",
    403: "You may not see this page.",
    404: "There is nothing here.",
    405: "This page cannot be used like that.",
    413: "That is larger than we can take.",
    429: "That was a bit much at once. Please wait a minute.",
}


IN_A_SENTENCE = (
    (NotNow, 409, "That is not possible now"),
    (NotAllowed, 403, "This is not open to you"),
    (Conflict, 409, "That has just changed"),
)
"""Exceptions that say their own page, its code and title."""


class Pages(Flask):
    """Flask, but for two things: writes that meet are tried again, and what watches over us needs no name."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view; it has one transaction, so that a second run repeats nothing."""
        return db.attempt(super().dispatch_request)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Load balancers and probes ask by a machine's address: of the pages for them, any host is ours."""
        if request is not None and request.path in health.PATHS:
            request.environ["HTTP_HOST"] = self.config["TRUSTED_HOSTS"][0]
        return super().create_url_adapter(request)


def create_app(known: Settings | None = None) -> Flask:
    """The whole web face, on `known` settings or the environment's."""
    known = known or settings.load()
    wired = wiring.start(known)
    localtime.read_tables()
    packaged = HERE / "templates"
    folder = packaged if packaged.is_dir() else HERE.parent / "templates"
    app = Pages("scheduler", template_folder=str(folder), static_folder=str(HERE / "web" / "static"))
    is_secure = known.base_url.startswith("https:")
    app.config.update(
        SECRET_KEY=known.secrets[0],
        SECRET_KEY_FALLBACKS=list(known.secrets[1:]),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=5000,
        TRUSTED_HOSTS=known.trusted_hosts,
        SESSION_COOKIE_NAME="form",
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["drawn"] = drawing.drawn
    if known.trusted_proxies:
        hops = known.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # Flask's way
    app.extensions["wired"] = wired
    app.before_request(numbers.refuse_huge)
    csrf = CSRFProtect(app)
    for blueprint in blueprints.of(known):
        app.register_blueprint(blueprint)
        if blueprint.guard != "coordinator":
            csrf.exempt(blueprint)
    app.after_request(_finish)
    _answer_errors(app)
    return app


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    is_board = request.path.startswith(("/board", "/sign"))
    # Flask-WTF needs the referrer of its own site; a page behind a link must not pass its address on.
    response.headers.setdefault("Referrer-Policy", "same-origin" if is_board else "no-referrer")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.method == "POST":
        queue.ring("deliver")
    return response


def _page(words: str, code: int, title: str) -> tuple[str, int]:
    """A sentence; where the fault is ours, with what was sent, to send again; else with the way back."""
    fields = list(request.form.items(multi=True)) if code >= 500 and not request.files else []
    is_left = request.method == "POST" and code == 409 and _has_page(request.path)
    return render_template(
        "pages/sorry.html", words=words, title=title, fields=fields, left=request.path if is_left else ""
    ), code


def _has_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(path, method="GET")


def _say(error: Exception, code: int, title: str) -> ResponseReturnValue:
    """The page of an exception whose text is made for people."""
    return _page(str(error), code, title)


def _answer_errors(app: Flask) -> None:
    """Our exceptions, lost races and HTTP errors become pages; no traceback reaches anyone."""
    for kind, code, title in IN_A_SENTENCE:
        app.register_error_handler(kind, partial(_say, code=code, title=title))

    app.register_error_handler(BadLink, fresh.instead_of)

    @app.errorhandler(OperationalError)
    def away(error: OperationalError) -> ResponseReturnValue:
        why = " ".join(str(error.orig).split())
        log.error("the database does not answer", endpoint=request.endpoint, why=why)
        words = "Our records cannot be reached at the moment. Nothing was lost; please try again in a minute."
        return *_page(words, 503, "Not just now"), {"Retry-After": RETRY_AFTER_SECONDS}

    @app.errorhandler(SecurityError)
    def another_host(_error: SecurityError) -> ResponseReturnValue:
        # No page: the addresses in it could not be written, since they are built from the request's host.
        return Response("This service does not go by that name.\n", 400, mimetype="text/plain")

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> ResponseReturnValue:
        return _page(
            "This form was open too long. Please go back, reload and send it again.", 400, "Try again"
        )

    @app.errorhandler(HTTPException)
    def plain(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if code < 400:
            return error.get_response()  # a redirect
        words = PLAIN_WORDS.get(code, "That did not save. Nothing was lost; please try again in a minute.")
        return _page(words, code, "Sorry")
