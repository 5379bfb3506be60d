"""All blueprints, in one list: each declares its guard."""

from scheduler.settings import Settings
from scheduler.web import health
from scheduler.web.access import GuardedBlueprint


def of(known: Settings) -> list[GuardedBlueprint]:
    """The pages these settings call for; the demo's mailbox exists in the demo alone."""
    return [health.pages]
