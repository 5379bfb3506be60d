"""Fresh links for whoever has one that does not work: mailed to the address we have, and shown to nobody."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db, links
from scheduler.links import BadLink, OldLink
from scheduler.programme import names
from scheduler.programme.person import Person
from scheduler.rounds import reaching
from scheduler.web import network
from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("fresh", __name__, guard="open")

DAMAGED = "This link is damaged or has stopped working; some mail programs cut long addresses in two."


@pages.get("/fresh")
def ask() -> ResponseReturnValue:
    """The form for an address; after it was sent, that a mail is under way if we know it."""
    if request.args.get("done"):
        return render_template("pages/fresh_sent.html")
    return _form("Write the address at which you get our mails, and your links come there.", {})


@pages.post("/fresh")
def send() -> ResponseReturnValue:
    """Mail the links that stand to the reader of the link, or to the address; the page never says whether."""
    purpose, token = request.form.get("purpose", ""), request.form.get("token", "")
    try:
        with db.transaction() as session:
            address = _address_of(session, purpose, token) if token else _written()
            if address:
                reaching.send_lost_links(session, address, network.of_request(), clock.now())
    except names.BadAddress as error:
        return _form("", {"email": str(error)}), 422
    return redirect(url_for("fresh.ask", done=1), 303)


def instead_of(error: BadLink) -> ResponseReturnValue:
    """The page in place of the one a link should have opened: why it does not, and the way to fresh ones."""
    is_old = isinstance(error, OldLink)
    purpose, token = request.path.split("/")[1], str((request.view_args or {}).get("token", ""))
    words = (
        f"{error if is_old else DAMAGED} Your latest mail has links that work, or let us send you fresh ones."
    )
    title = "This link has stopped working" if is_old else "We do not know this link"
    page = render_template(
        "pages/fresh_ask.html",
        title=title,
        words=words,
        link=(purpose, token) if _reader(purpose, token) else None,
        errors={},
    )
    return page, 410 if is_old else 404


def _form(words: str, errors: dict[str, str]) -> str:
    return render_template(
        "pages/fresh_ask.html", title="Send me fresh links", words=words, link=None, errors=errors
    )


def _written() -> str:
    """The address in the form. Raises names.BadAddress."""
    return names.clean_address(request.form.get("email", ""))


def _reader(purpose: str, token: str) -> int:
    """The number of the person for whom this link was once made; 0 where it is none of ours."""
    try:
        return int(links.read(purpose, token).get("p", 0))
    except BadLink:
        return 0


def _address_of(session: Session, purpose: str, token: str) -> str:
    person = session.get(Person, _reader(purpose, token))
    return person.email if person is not None else ""
