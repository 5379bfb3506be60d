"""The links every letter to a person carries: their own pages, and the one to pause or leave."""

from scheduler import links
from scheduler.programme.person import Person


def preferences_url(person: Person) -> str:
    """The person's own page: pause, leave, zone, place."""
    return links.url("me", p=person.id, n=person.link_number)


def unsubscribe_url(person: Person) -> str:
    """The one-click address of List-Unsubscribe (RFC 8058): POST pauses, GET shows a page."""
    return links.url("unsubscribe", p=person.id, n=person.link_number)
