"""All blueprints, in one list: each declares its guard."""

from scheduler.settings import Settings
from scheduler.web import (
    answers,
    chat_board,
    dashboard,
    demo_mailbox,
    fresh,
    front,
    health,
    mail_pages,
    offers,
    preferences,
    programme_pages,
    roster_pages,
    round_pages,
    signin,
    signup_pages,
    wishes,
    words_pages,
)
from scheduler.web.access import GuardedBlueprint


def of(known: Settings) -> list[GuardedBlueprint]:
    """The pages these settings call for; the demo's mailbox, and its front, exist in the demo alone."""
    always = [
        answers.pages,
        chat_board.pages,
        dashboard.pages,
        fresh.pages,
        health.pages,
        mail_pages.pages,
        offers.pages,
        preferences.pages,
        programme_pages.pages,
        roster_pages.pages,
        round_pages.pages,
        signin.pages,
        signup_pages.pages,
        wishes.pages,
        words_pages.pages,
    ]
    return [*always, demo_mailbox.pages if known.is_demo else front.pages]
