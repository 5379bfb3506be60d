"""The bell: it wakes a worker by the name of a job; one that gets lost costs half a minute, no more.

What is due stands in the database alone. A job carries an id at most, and doing it twice is doing it once.
"""

import secrets
from time import monotonic

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from scheduler.crashpoint import crashpoint

log = structlog.get_logger()

PROMPT, SLOW = "prompt", "slow"
JOBS = {"tick": PROMPT, "deliver": PROMPT, "read_mails": PROMPT, "plan_round": SLOW}
"""Every job, and the queue it waits in; each worker process listens on exactly one."""
WAITS_AT_MOST = {PROMPT: 60, SLOW: 3600}
"""Seconds after which a job that nobody took falls away: the next sweep asks anew."""
RUNS_AT_MOST = {PROMPT: 900, SLOW: 3600}
"""Seconds after which a job is broken off: no sweep with all its letters takes so long, something hangs."""
ANSWER_SECONDS = 0.2
LOOKS_AT = 20
"""How many waiting jobs are looked at for one of the same kind."""
REST_SECONDS = 5.0
"""After a broker that did not answer, nobody waits for it again for so long."""


class _Bound:
    connection: redis.Redis | None = None
    asleep_until = 0.0
    has_answered = True


_bound = _Bound()


def bind(url: str) -> None:
    """Ring from now on at the broker of `url`, which need not be there; an empty one rings nowhere."""
    unbind()
    if url:
        _bound.connection = redis.Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )


def unbind() -> None:
    """Let go of the connection; a second call does nothing."""
    if _bound.connection is not None:
        _bound.connection.close()
    _bound.connection, _bound.asleep_until, _bound.has_answered = None, 0.0, True


def ring(job: str, *ids: int) -> bool:
    """Ask a worker to do `job` soon; whether the broker took it. Never waits much longer than 200 ms.

    A job that waits already, not begun, will see what was committed before this ring: no second is added.
    """
    crashpoint("queue.before_ring")
    queue = JOBS[job]
    if _bound.connection is None or monotonic() < _bound.asleep_until:
        return False
    try:
        _add(Queue(queue, connection=_bound.connection, serializer=JSONSerializer), job, ids)
    except (redis.RedisError, OSError) as error:
        if _bound.has_answered:
            log.warning("the broker does not answer; the clock does without it", why=str(error))
        _bound.has_answered, _bound.asleep_until = False, monotonic() + REST_SECONDS
        return False
    _bound.has_answered = True
    return True


def _add(queue: Queue, job: str, ids: tuple[int, ...]) -> None:
    mark = "-".join([job, *map(str, ids), ""])
    if any(waiting.startswith(mark) for waiting in queue.get_job_ids(0, LOOKS_AT)):
        return
    queue.enqueue_call(
        f"scheduler.jobs.{job}",
        args=ids,
        job_id=f"{mark}{secrets.token_hex(8)}",
        timeout=RUNS_AT_MOST[queue.name],
        ttl=WAITS_AT_MOST[queue.name],
        result_ttl=0,
        failure_ttl=60,
    )
