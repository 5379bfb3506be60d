"""The jobs of the queue, and the workers that do them: each is the clock, a transaction and one verb.

A job carries an id at most. Done twice it is done once, and one that is lost costs half a minute.
"""

import logging
import os
import signal
from contextlib import suppress
from datetime import datetime, timedelta

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.worker import BaseWorker
from sqlalchemy.exc import OperationalError

from scheduler import broker, clock, ending, queue, supervisor, sweep
from scheduler.ending import Mark
from scheduler.mail.transport import Transport

log = structlog.get_logger()

IDLE_SECONDS = 60
"""For how long a worker counts as alive without a word; it waits for a job three quarters of it at a time."""
TRUST = timedelta(minutes=10)
"""How long a round may wait for the slow worker before the prompt one plans it."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds a worker waits before it tries a broker that is gone once more: doubled each time."""


class _Transport:
    bound: Transport | None = None


def bind(transport: Transport) -> None:
    """From now on this process's jobs send by `transport`."""
    _Transport.bound = transport


def _transport() -> Transport:
    if _Transport.bound is None:
        raise RuntimeError("no transport is bound; call jobs.bind first")
    return _Transport.bound


def tick() -> None:
    """Everything that is due, now; planning and mail are rung for, so that neither makes the other wait."""
    sweep.carry_out(clock.now(), plan=_plan_elsewhere)
    sweep.note_finished(clock.machine_now())
    deliver()


def deliver() -> None:
    """Send what may leave, for ten seconds at most; what is left then is rung for again."""
    if sweep.deliver(_transport(), clock.now, machine_now=clock.machine_now).is_more:
        queue.ring("deliver")


def read_mails() -> None:
    """Read the mails that were kept, and send what answers them."""
    sweep.read_mails(clock.now())
    deliver()


def plan_round(round_id: int) -> None:
    """Plan a round whose time to be planned, or refilled, has come; else nothing."""
    sweep.plan_due(round_id, clock.now())


def _plan_elsewhere(round_id: int, due_at: datetime) -> None:
    """Leave it to the slow worker; if it cannot be rung, or nobody works there, plan here."""
    now = clock.now()
    if now - due_at > TRUST or not queue.ring("plan_round", round_id):
        sweep.plan_due(round_id, now)


class _OneQueue(BaseWorker):
    """What both kinds of worker share: they take no commands, and outlive their broker.

    Signals break into whatever runs, a letter perhaps: so they only leave a mark, and ask no broker.
    """

    max_connection_wait_time = LONGEST_PAUSE
    told: Mark
    url: str

    def check_for_suspension(self, burst: bool) -> None:
        """Nobody suspends our workers; but one told to end before RQ listened to signals ends here."""
        if self.told.is_set():
            raise StopRequested

    def handle_warm_shutdown_request(self) -> None:
        """Called by the signal's handler."""
        self.told.set()

    def set_shutdown_requested_date(self) -> None:
        """Nothing: nobody reads it."""

    def teardown(self) -> None:
        """From here on a signal breaks into nothing any more: RQ's handlers raise."""
        _only_mark(self.told)
        super().teardown()  # type: ignore[no-untyped-call]  # RQ says not which

    def register_death(self) -> None:
        """Say goodbye to a broker that answers at once; any other forgets us within a minute."""
        with suppress(redis.RedisError, OSError):
            if broker.answers(self.url):
                super().register_death()  # type: ignore[no-untyped-call]  # RQ says not which

    def subscribe(self) -> None:
        """Nothing: the supervisor ends workers by signals, and a thread less survives every fork."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""


class _Alarm(BaseDeathPenalty):
    """Ends the whole process, and whatever hangs in it, when a job takes too long (SIGALRM, signal(7)).

    An exception instead would come up anywhere: between a letter's last byte and the note that it left, or
    within a lock. What a death leaves behind others take over, as after any other.
    """

    def setup_death_penalty(self) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(self._timeout)

    def cancel_death_penalty(self) -> None:
        signal.alarm(0)


class PromptWorker(_OneQueue, SimpleWorker):
    """Does short work in its own process."""

    death_penalty_class = _Alarm


class SlowWorker(_OneQueue, Worker):
    """Does long work in a child that can be broken off, and that dies with it."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """The child's whole life."""
        supervisor.die_with(os.getppid())
        super().main_work_horse(job, queue)


KINDS: dict[str, type[_OneQueue]] = {queue.PROMPT: PromptWorker, queue.SLOW: SlowWorker}


def work(name: str, url: str, transport: Transport) -> None:
    """Do the jobs of one queue until told to end; the job in hand is finished first, but no letter begun.

    A broker that is not there, or is lost, is waited for; meanwhile the clock does the work.
    """
    bind(transport)
    logging.getLogger("rq.worker").addFilter(_in_a_line)
    told = Mark()
    with ending.heeding(told):
        while _is_there(url, told):
            with suppress(redis.RedisError, OSError, StopRequested):
                _worker(name, url, told).work(logging_level="WARNING")
            told.wait(FIRST_PAUSE)


def _in_a_line(record: logging.LogRecord) -> bool:
    """That broker, database or disk fail amid a job is no fault of ours, and RQ's traceback helps nobody."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, redis.RedisError):
        record.msg, record.args, record.exc_info = "the broker was lost: %s", (error,), None
    elif isinstance(error, (OperationalError, OSError)):
        why = getattr(error, "orig", error)
        record.msg, record.args, record.exc_info = "a job broke off and comes again: %s", (why,), None
    return True


def _is_there(url: str, told: Mark) -> bool:
    """Whether the broker answers, however long that takes; no longer once told to end."""
    _only_mark(told)
    if broker.answers(url) or told.is_set():
        return not told.is_set()
    log.warning("the broker does not answer and is waited for; the clock does without it")
    pause = FIRST_PAUSE
    while not told.wait(pause):
        if broker.answers(url):
            log.warning("the broker answers again")
            return True
        pause = min(pause * 2, LONGEST_PAUSE)
    return False


def _only_mark(told: Mark) -> None:
    for number in supervisor.ENDINGS:
        signal.signal(number, told.set)


def _worker(name: str, url: str, told: Mark) -> _OneQueue:
    worker = KINDS[name](
        [name],
        connection=redis.Redis.from_url(url, retry=Retry(NoBackoff(), 1)),
        serializer=JSONSerializer,
        worker_ttl=IDLE_SECONDS,
        maintenance_interval=IDLE_SECONDS // 2,
        default_result_ttl=0,
        log_job_description=False,
    )
    worker.told, worker.url = told, url
    return worker
