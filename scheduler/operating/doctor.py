"""The doctor: whether all that the service needs is well, each thing in a plain sentence, the worst first."""

from collections.abc import Callable, Iterator

from scheduler import clock, settings
from scheduler.operating import broker_check, database_check, disk_check, keeping_check, mail_out_check
from scheduler.operating.finding import Finding, Mark
from scheduler.settings import BadSettings, Settings


def examine(load: Callable[[], Settings] = settings.load) -> list[Finding]:
    """Look at everything; what cannot be looked at without another thing is left out.

    Nothing is changed but the laptop's secret, made if there is none, as at any start. Half a minute at most.
    """
    try:
        known = load()
    except BadSettings as error:
        return [Finding("settings", Mark.WRONG, fault) for fault in error.faults]
    except OSError as error:
        return [Finding("settings", Mark.WRONG, f"{error.filename or 'DATA_DIR'}: {error.strerror}.")]
    clock.bind(known.clock_offset_file)
    return sorted(_all(known), key=lambda finding: list(Mark).index(finding.mark))


def _all(known: Settings) -> Iterator[Finding]:
    yield from _settings(known)
    yield from database_check.look(known)
    yield from broker_check.look(known)
    yield from mail_out_check.look(known)
    yield from disk_check.look(known)
    yield from keeping_check.look(known)


def _settings(known: Settings) -> Iterator[Finding]:
    where = f"The pages are at {known.base_url}, set up for {known.environment}."
    yield Finding("settings", Mark.WELL, where)
    if known.environment == "laptop" and known.base_url.startswith("https:"):
        words = "People come from elsewhere: set ENVIRONMENT=production, which refuses what is unsafe."
        yield Finding("settings", Mark.NOTE, words)
