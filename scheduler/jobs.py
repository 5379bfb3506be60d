"""The jobs of the queue, and the workers that do them: each is the clock, a transaction and one verb.

A job carries an id at most. Done twice it is done once, and one that is lost costs half a minute.
"""

import os
import threading
from datetime import datetime, timedelta
from typing import Any

import redis
from rq import Queue, SimpleWorker, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from scheduler import clock, ending, queue, supervisor, sweep
from scheduler.mail.transport import Transport

IDLE_SECONDS = 60
"""For how long a worker counts as alive without a word; it waits for a job three quarters of it at a time."""
TRUST = timedelta(minutes=10)
"""How long a round may wait for the slow worker before the prompt one plans it."""
LONGEST_PAUSE = 5.0
"""Seconds a worker waits at most before it tries a broker that is gone once more."""


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
    """What both kinds of worker share: they take no commands, and try a lost broker again soon."""

    max_connection_wait_time = LONGEST_PAUSE

    def subscribe(self) -> None:
        """Nothing: the supervisor ends workers by signals, and a thread less survives every fork."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""


class PromptWorker(_OneQueue, SimpleWorker):
    """Does short work in its own process; told to end in the midst of letters, it begins no other."""

    is_told: threading.Event

    def work(self, *args: Any, **more: Any) -> bool:
        """Work until told to end."""
        self.is_told = threading.Event()
        with ending.heeding(self.is_told):
            return super().work(*args, **more)

    def handle_warm_shutdown_request(self) -> None:
        """Called by the signal's handler, which may break into a letter: so it only leaves a mark."""
        self.is_told.set()

    def set_shutdown_requested_date(self) -> None:
        """Nothing: nobody reads it, and a broker that is gone would raise within a letter."""


class SlowWorker(_OneQueue, Worker):
    """Does long work in a child that can be broken off, and that dies with it."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """The child's whole life."""
        supervisor.die_with(os.getppid())
        super().main_work_horse(job, queue)


KINDS: dict[str, type[BaseWorker]] = {queue.PROMPT: PromptWorker, queue.SLOW: SlowWorker}


def work(name: str, url: str, transport: Transport) -> None:
    """Do the jobs of one queue until told to end; the job in hand is finished first."""
    bind(transport)
    worker = KINDS[name](
        [name],
        connection=redis.Redis.from_url(url),
        serializer=JSONSerializer,
        worker_ttl=IDLE_SECONDS,
        maintenance_interval=IDLE_SECONDS // 2,
        default_result_ttl=0,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")
