"""The settings: read from the environment, a `.env` file and secret files, checked all at once."""

import importlib.util
import os
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from scheduler import secret_files
from scheduler.refusal import Refusal

SECRETS = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "REDIS_URL", "SMTP_URL")
"""Each of these may be given as NAME_FILE instead: a file whose first line is the value."""

SHORTEST_SECRET = 32
_POSTGRES = "postgresql+psycopg://"
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "default", "example", "insecure", "replace", "secret")


class BadSettings(Refusal):
    """The settings do not fit: `faults` has a sentence for each reason, `str()` all of them, a line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Settings(BaseSettings):
    """What an operator decides. Made by `load`, never changed afterwards; secrets stay out of its repr.

    The sentence under a field is what `.env.example` says of it.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    environment: Literal["laptop", "demo", "production"] = "laptop"
    """laptop: all has a default. demo: `coffee-rounds demo` sets it. production: a weak secret or a BASE_URL
    without https stops the start."""
    base_url: str = Field(default="", examples=["https://rounds.example.edu"])
    """How links in letters begin: where people reach the pages. Without it http://127.0.0.1 and PORT."""
    port: int = Field(default=8000, ge=1, le=65535)
    """The port the web server listens on."""
    secret_key: str = Field(default="", repr=False)
    """Signs every link: 32 random characters or more. A laptop makes one and keeps it in DATA_DIR."""
    secret_key_fallbacks: tuple[str, ...] = Field(default=(), repr=False)
    """Earlier secrets, with commas between; links signed with them go on working."""
    data_dir: Path = Path("data")
    """A folder for what has no other place: the SQLite file, local mail, the laptop's secret."""
    database_url: str = Field(
        default="", repr=False, examples=["postgresql://coffee:password@localhost/coffee"]
    )
    """SQLite or PostgreSQL. Without it an SQLite file in DATA_DIR."""
    redis_url: str = Field(default="", repr=False, examples=["redis://localhost:6379/0"])
    """Redis or Valkey, which wakes the workers. Without it a private one of this machine, in DATA_DIR."""
    smtp_url: str = Field(
        default="", repr=False, examples=["smtp+starttls://user:password@mail.example.edu:587"]
    )
    """The mail server that takes our letters: smtp://, smtps:// or smtp+starttls://; maildir:///path writes
    files. Without it they go to DATA_DIR/mail."""
    mail_per_minute: int = Field(default=0, ge=0)
    """How many letters leave within a minute at most; 0 for as many as the mail server takes."""
    mail_per_domain: int = Field(default=0, ge=0)
    """How many of them to one domain; 0 for no limit of its own."""
    mail_connections: int = Field(default=2, ge=1, le=4)
    """How many connections to the mail server one worker opens when many letters wait."""
    keep_letters_days: int = Field(default=90, ge=1)
    """For how many days the text of a letter is kept after it was sent; what became of it stays."""
    mail_from: str = "Coffee Rounds <rounds@coffee.test>"
    """The sender of every letter, and the organizer in calendars."""
    inbound: bool = False
    """Whether mail to the sender's address comes back to us, so that calendar answers are read."""
    authserv_id: str = Field(default="", examples=["mx.example.edu"])
    """The name under which our mail server says what it found out about a sender (Authentication-Results)."""
    replies_without_verdict: Literal["apply", "hold"] = "apply"
    """What becomes of a calendar answer about whose sender it said nothing: apply or hold, for a human."""
    plus_addresses: bool = True
    """Whether the mail server delivers rounds+anything@ to rounds@."""
    log_format: Literal["text", "json"] = "text"
    """How log lines look: text or json."""
    log_level: Literal["info", "warning"] = "info"
    """From how grave on things are logged: info or warning."""
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """How many proxies of ours stand before the web server."""
    clock_offset_file: Path | None = None
    """Demo only: the file that says how far ahead the clock runs."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load` gathers the values and nothing else does, so a test's mapping is all there is."""
        return (init_settings,)

    @field_validator("secret_key_fallbacks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """All secrets a link may be signed with; the first signs new ones."""
        return (self.secret_key, *self.secret_key_fallbacks)

    @property
    def trusted_hosts(self) -> list[str]:
        """The hosts a request may name, without ports; on a laptop those of the machine itself too."""
        own = [urlsplit(self.base_url).hostname or ""]
        return own if self.environment == "production" else [*own, *{"127.0.0.1", "localhost"} - set(own)]

    @property
    def is_demo(self) -> bool:
        """Whether everybody is invented and nothing is sent."""
        return self.environment == "demo"

    @property
    def mail_dir(self) -> Path:
        """The maildir letters go to where no SMTP_URL is set."""
        return self.data_dir / "mail"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings from `environ`; without it from the process's environment and the working folder's `.env`.

    An empty value is none. On a laptop a missing SECRET_KEY is made once and kept in DATA_DIR/secret-key.
    Raises BadSettings with every fault found.
    """
    environ = surroundings() if environ is None else environ
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    faults = secret_files.read(given, SECRETS)
    settings, misfits = _shaped(given)
    if settings is None:
        raise BadSettings(faults + misfits)
    settings = _completed(settings)
    faults += [*_address_faults(settings), *_server_faults(settings), *_mail_faults(settings)]
    if settings.environment == "production":
        faults += _production_faults(settings)
    elif not settings.secret_key and not faults:
        settings = settings.model_copy(update={"secret_key": _laptop_secret(settings.data_dir)})
    if faults:
        raise BadSettings(faults)
    return settings


def surroundings() -> dict[str, str]:
    """What the working folder's `.env` and the process's environment say; the environment wins."""
    return {**_dotenv(Path(".env")), **os.environ}


def env_example() -> str:
    """The text of `.env.example`: every setting, commented out, what it is for, and a value it may have."""
    opening = (
        "The settings of Coffee Rounds, generated from scheduler/settings.py. Copy this file to .env, or set "
        "the same names in the environment, which wins. In place of a secret, NAME_FILE may name a file "
        f"whose first line is the value: so for {', '.join(SECRETS)}."
    )
    lines = textwrap.wrap(opening, 106)
    for name, field in Settings.model_fields.items():
        default = field.examples[0] if field.examples else field.default
        text = "" if default in (None, ()) else str(default)
        text = text.lower() if isinstance(default, bool) else text
        lines += ["", *textwrap.wrap(field.description or "", 106), f"{name.upper()}={text}"]
    return "".join(f"# {line}".rstrip().removesuffix("#") + "\n" for line in lines)


def _dotenv(path: Path) -> dict[str, str]:
    """A dollar in a password is a dollar: nothing is interpolated."""
    return {
        name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None
    }


def _shaped(given: Mapping[str, str]) -> tuple[Settings | None, list[str]]:
    fields = Settings.model_fields
    values: dict[str, Any] = {name: given[name.upper()] for name in fields if name.upper() in given}
    try:
        return Settings(**values), []
    except ValidationError as error:
        return None, [_misfit(str(fault["loc"][0]), values) for fault in error.errors()]


def _misfit(name: str, values: Mapping[str, str]) -> str:
    kind = Settings.model_fields[name].annotation
    wanted = {"bool": "true or false", "int": "a whole number in its range"}.get(
        getattr(kind, "__name__", "")
    )
    choices = " or ".join(str(choice) for choice in get_args(kind))
    return f"{name.upper()} should be {wanted or choices}, not '{values[name]}'."


def _completed(settings: Settings) -> Settings:
    """Paths made absolute and what depends on other settings filled in."""
    folder = settings.data_dir.expanduser().absolute()
    return settings.model_copy(
        update={
            "data_dir": folder,
            "base_url": settings.base_url.rstrip("/") or f"http://127.0.0.1:{settings.port}",
            "database_url": _driver_named(settings.database_url)
            or f"sqlite:///{folder / 'coffee-rounds.sqlite3'}",
        }
    )


def _driver_named(url: str) -> str:
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return _POSTGRES + url.removeprefix(scheme)
    return url


def _parts(url: str) -> SplitResult | None:
    """None where `url` is no address at all."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return None
    return parts if parts.hostname else None


def _address_faults(settings: Settings) -> list[str]:
    parts = _parts(settings.base_url)
    if parts is None or parts.scheme not in ("http", "https"):
        return [f"BASE_URL should look like https://rounds.example.edu, not '{settings.base_url}'."]
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return ["BASE_URL should be a scheme and a host alone, such as https://rounds.example.edu."]
    return []


def _server_faults(settings: Settings) -> list[str]:
    faults = []
    url, is_postgres = settings.database_url, settings.database_url.startswith(_POSTGRES)
    names_a_file = url.startswith("sqlite:///") and url != "sqlite:///"
    if not (names_a_file or is_postgres and _is_well_formed(url)):
        faults.append(
            "DATABASE_URL should look like sqlite:////path/to/file or postgresql://user:password@host/name: "
            "we know these two."
        )
    elif is_postgres and importlib.util.find_spec("psycopg") is None:
        faults.append(
            "DATABASE_URL names a PostgreSQL, and what talks to it is missing: pip install 'psycopg[binary]'."
        )
    redis = settings.redis_url
    if redis and not (redis.startswith(("redis://", "rediss://", "unix://")) and _is_well_formed(redis)):
        faults.append("REDIS_URL should look like redis://host:6379/0, rediss://host:6379/0 or unix:///path.")
    return faults


def _is_well_formed(url: str) -> bool:
    """Whether it can be taken apart: its brackets close, its port is a number."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _mail_faults(settings: Settings) -> list[str]:
    faults = []
    parts = _parts(settings.smtp_url)
    is_server = parts is not None and parts.scheme in ("smtp", "smtps", "smtp+starttls")
    if settings.smtp_url and not (is_server or settings.smtp_url.startswith("maildir:///")):
        faults.append(
            "SMTP_URL should look like smtp+starttls://user:password@host:587, "
            "smtps://user:password@host:465, smtp://host:25 or maildir:///path."
        )
    if settings.is_demo and settings.smtp_url:
        faults.append("The demo's people are invented, so it sends no mail: start it without SMTP_URL.")
    _, _, host = settings.mail_from.rstrip(">").rpartition("@")
    if not host or settings.mail_from.count("@") != 1 or not settings.mail_from.isprintable():
        faults.append(
            f"MAIL_FROM should look like Coffee Rounds <rounds@example.edu>, not '{settings.mail_from}'."
        )
    return faults


def _production_faults(settings: Settings) -> list[str]:
    faults = []
    if not settings.secret_key:
        faults.append(f"SECRET_KEY is missing: set {SHORTEST_SECRET} or more random characters.")
    if any(_is_weak(secret) for secret in settings.secrets if secret):
        faults.append(
            f"SECRET_KEY or a fallback of it can be guessed: set {SHORTEST_SECRET} or more random characters."
        )
    if urlsplit(settings.base_url).scheme != "https":
        faults.append(f"BASE_URL should begin with https:// in production, not '{settings.base_url}'.")
    if settings.clock_offset_file is not None:
        faults.append("CLOCK_OFFSET_FILE is for the demo alone: in production the clock is the machine's.")
    return faults


def _is_weak(secret: str) -> bool:
    return len(secret) < SHORTEST_SECRET or len(set(secret)) < 10 or secret.lower().startswith(_PLACEHOLDERS)


def _laptop_secret(folder: Path) -> str:
    try:
        return secret_files.made_once(folder / "secret-key", SHORTEST_SECRET)
    except ValueError as error:
        raise BadSettings([str(error)]) from None
