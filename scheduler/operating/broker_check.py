"""Whether the broker answers, keeps what it is given, and has workers at both queues."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from scheduler import broker, queue
from scheduler.operating.finding import Finding, Mark
from scheduler.settings import Settings

ANSWER_SECONDS = 3.0
WITHOUT = "Until then the clock does all work itself."


def look(known: Settings) -> Iterator[Finding]:
    """The broker, who works at each queue, and what a named one does when it is full or starts anew."""
    url = broker.address(known.redis_url, known.data_dir)
    try:
        with broker.connected(url, seconds=ANSWER_SECONDS) as connection:
            connection.ping()
            yield Finding("broker", Mark.WELL, f"{_name(known)} wakes the workers.")
            yield from _workers(connection)
            if known.redis_url:
                yield _memory(connection)
    except (redis.RedisError, OSError) as error:
        yield _gone(known, error)


def _name(known: Settings) -> str:
    if not known.redis_url:
        return "The private broker of this machine"
    parts = urlsplit(known.redis_url)
    return (
        f"The broker that REDIS_URL names ({parts.path if parts.scheme == 'unix' else _host(parts.netloc)})"
    )


def _host(place: str) -> str:
    """Without the password."""
    return place.rpartition("@")[2]


def _gone(known: Settings, error: Exception) -> Finding:
    if known.redis_url:
        return Finding("broker", Mark.WRONG, f"{_name(known)} does not answer: {_said(error)} {WITHOUT}")
    if broker.private_server(known.redis_url) is None:
        words = "No Redis or Valkey is to be had on this machine, so the clock does all work itself."
        return Finding("broker", Mark.WELL, words)
    if isinstance(error, redis.TimeoutError):
        words = "The private broker of this machine runs but does not answer: end it, and another starts."
        return Finding("broker", Mark.WRONG, f"{words} {WITHOUT}")
    words = "No private broker runs on this machine:  coffee-rounds run  starts one."
    return Finding("broker", Mark.NOTE, f"{words} {WITHOUT}")


def _said(error: Exception) -> str:
    return f"{str(error).rstrip('.') or type(error).__name__}."


def _workers(connection: redis.Redis) -> Iterator[Finding]:
    for name in (queue.PROMPT, queue.SLOW):
        held = Queue(name, connection=connection, serializer=JSONSerializer)
        count = len(Worker.all(queue=held))
        if count:
            words = f"{count} {'worker listens' if count == 1 else 'workers listen'} at the queue {name}."
            yield Finding("workers", Mark.WELL, words)
        else:
            words = f"No worker listens at the queue {name}: start  coffee-rounds work {name}  or  run."
            yield Finding("workers", Mark.WRONG, words)


def _memory(connection: redis.Redis) -> Finding:
    """Whether it may drop jobs, or forgets them at a restart; the database knows them all."""
    try:
        said = {**connection.info("memory"), **connection.info("persistence")}
    except redis.ResponseError:
        return Finding("broker memory", Mark.NOTE, "The broker does not tell what it does when it is full.")
    policy = said.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        words = (
            f"The broker may drop waiting jobs when its memory is full (maxmemory-policy {policy}): set "
            "noeviction. What is dropped is not lost, but comes with the next sweep."
        )
        return Finding("broker memory", Mark.NOTE, words)
    if said.get("aof_enabled"):
        return Finding("broker memory", Mark.WELL, "The broker keeps waiting jobs over a restart.")
    words = "The broker forgets waiting jobs at a restart (appendonly no); the next sweep brings them again."
    return Finding("broker memory", Mark.WELL, words)
