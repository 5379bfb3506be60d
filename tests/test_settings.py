"""Settings: laptop defaults, secret files, and a production that refuses to start half set."""

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from scheduler import settings
from tests.support import sources

STRONG = "q7Zt0vKx2mWc9RbJ4nHs8LdF6yGp3aTe"
PRODUCTION = {"ENVIRONMENT": "production", "BASE_URL": "https://rounds.example.edu", "SECRET_KEY": STRONG}


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(settings.BadSettings) as caught:
        settings.load(environ)
    return caught.value.faults


def named(found: list[str]) -> list[str]:
    """The first word of each fault, which is the setting it is about."""
    return [fault.split()[0] for fault in found]


def test_a_laptop_needs_no_setting_at_all(tmp_path: Path) -> None:
    given = settings.load({"DATA_DIR": str(tmp_path)})
    assert given.base_url == "http://127.0.0.1:8000"
    assert given.database_url == f"sqlite:///{tmp_path}/coffee-rounds.sqlite3"
    assert given.mail_dir == tmp_path / "mail"
    assert (given.environment, given.smtp_url, given.inbound, given.plus_addresses) == (
        "laptop",
        "",
        False,
        True,
    )


def test_the_address_follows_the_port(tmp_path: Path) -> None:
    assert settings.load({"DATA_DIR": str(tmp_path), "PORT": "8123"}).base_url == "http://127.0.0.1:8123"


def test_a_laptops_secret_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    first = settings.load({"DATA_DIR": str(folder)}).secret_key
    assert settings.load({"DATA_DIR": str(folder)}).secret_key == first
    assert len(first) >= 32
    assert stat.S_IMODE((folder / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret-key"]


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    together = Barrier(8)

    def start(folder: Path) -> str:
        together.wait()
        return settings.load({"DATA_DIR": str(folder)}).secret_key

    with ThreadPoolExecutor(8) as pool:
        for number in range(25):
            found = list(pool.map(start, [tmp_path / str(number)] * 8))
            assert len(set(found)) == 1


def test_half_a_secret_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("abc")
    assert faults({"DATA_DIR": str(tmp_path)}) == [
        f"{tmp_path}/secret-key does not hold a whole secret: delete it, and a new one is made."
    ]


def test_a_complete_production_starts() -> None:
    given = settings.load(PRODUCTION | {"SECRET_KEY_FALLBACKS": f"{STRONG[::-1]} , "})
    assert given.secrets == (STRONG, STRONG[::-1])
    assert given.trusted_hosts == ["rounds.example.edu"]


@pytest.mark.parametrize(
    "secret", ["", "short", "changeme" * 8, "secret-secret-secret-secret-secret-0123", "a" * 64, STRONG[:31]]
)
def test_production_refuses_a_secret_that_can_be_guessed(secret: str) -> None:
    assert named(faults(PRODUCTION | {"SECRET_KEY": secret})) == ["SECRET_KEY"]


def test_production_refuses_a_weak_fallback() -> None:
    assert named(faults(PRODUCTION | {"SECRET_KEY_FALLBACKS": "old"})) == ["SECRET_KEY"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("DATABASE_URL", url) for url in ("mysql://h/x", "sqlite://", "sqlite:///", "sqlite://host/x")],
        *[("DATABASE_URL", f"postgresql://{where}/x") for where in ("host:port", "[::1", "host:70000")],
        *[("REDIS_URL", url) for url in ("http://h", "redis://host:port", "redis://[::1")],
    ],
)
def test_an_address_that_cannot_be_read_is_told(name: str, value: str) -> None:
    found = faults(PRODUCTION | {name: value})
    assert [fault.partition(" ")[0] for fault in found] == [name]
    assert f"{name} should look like " in found[0]


def test_a_postgresql_without_what_talks_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    url = {"DATABASE_URL": "postgresql://me:word@host/db"}
    monkeypatch.setitem(sys.modules, "psycopg", None)
    (fault,) = faults(PRODUCTION | url)
    assert fault.endswith("what talks to it is missing: pip install 'psycopg[binary]'.")


def test_all_faults_are_told_at_once() -> None:
    found = faults({"ENVIRONMENT": "production", "CLOCK_OFFSET_FILE": "ahead", "DATABASE_URL": "mysql://x/y"})
    assert named(found) == ["DATABASE_URL", "SECRET_KEY", "BASE_URL", "CLOCK_OFFSET_FILE"]


def test_values_that_do_not_fit_are_told_at_once_in_sentences() -> None:
    wrong = {"PORT": "many", "INBOUND": "perhaps", "ENVIRONMENT": "staging", "SECRET_KEY_FILE": "/nowhere"}
    assert faults(wrong) == [
        "SECRET_KEY_FILE names /nowhere, which cannot be read: No such file or directory.",
        "ENVIRONMENT should be laptop or demo or production, not 'staging'.",
        "PORT should be a whole number in its range, not 'many'.",
        "INBOUND should be true or false, not 'perhaps'.",
    ]


@pytest.mark.parametrize(
    "url", ["rounds.example.edu", "ftp://x", "https://x/path", "https://me@x", "https://x:y"]
)
def test_an_address_that_cannot_begin_a_link_is_refused(url: str) -> None:
    assert named(faults(PRODUCTION | {"BASE_URL": url}))[0] == "BASE_URL"


@pytest.mark.parametrize("name", settings.SECRETS)
def test_a_secret_may_stand_on_the_first_line_of_a_file(tmp_path: Path, name: str) -> None:
    value = {
        "DATABASE_URL": "sqlite:////tmp/x.db",
        "REDIS_URL": "rediss://:word@redis.example.edu:6380/1",
        "SMTP_URL": "smtps://user:word@mail.example.edu",
    }.get(name, STRONG)
    (tmp_path / "value").write_text(f"{value}\nnever read\n")
    given = settings.load({"DATA_DIR": str(tmp_path), f"{name}_FILE": str(tmp_path / "value")})
    kept = getattr(given, name.lower())
    assert kept == ((value,) if name == "SECRET_KEY_FALLBACKS" else value)


def test_a_secret_given_twice_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "value").write_text(STRONG)
    assert faults(PRODUCTION | {"SECRET_KEY_FILE": str(tmp_path / "value")}) == [
        "SECRET_KEY and SECRET_KEY_FILE are both set: please keep one of them."
    ]


def test_an_empty_secret_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "value").write_text("\n")
    given = {"DATA_DIR": str(tmp_path), "SECRET_KEY_FILE": str(tmp_path / "value")}
    assert faults(given) == [f"SECRET_KEY_FILE names {tmp_path}/value, whose first line is empty."]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_names_the_driver(scheme: str) -> None:
    given = settings.load(PRODUCTION | {"DATABASE_URL": f"{scheme}://me:word@host/db"})
    assert given.database_url == "postgresql+psycopg://me:word@host/db"


def test_no_secret_is_shown() -> None:
    given = settings.load(
        PRODUCTION | {"DATABASE_URL": "postgres://me:hush@host/db", "SMTP_URL": "smtp://me:hush@host"}
    )
    assert "hush" not in repr(given)
    assert STRONG not in repr(given)


def test_no_secret_is_told_with_a_fault() -> None:
    found = faults(PRODUCTION | {"DATABASE_URL": "mysql://me:hush@host", "SMTP_URL": "imap://me:hush@host"})
    assert named(found) == ["DATABASE_URL", "SMTP_URL"]
    assert "hush" not in "".join(found)


def test_the_environment_wins_over_the_file_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=8001\nLOG_FORMAT=json\nSECRET_KEY=a$b${c}" + STRONG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "8002")
    given = settings.load()
    assert (given.port, given.log_format, given.secret_key) == (8002, "json", "a$b${c}" + STRONG)


def test_the_example_file_is_up_to_date() -> None:
    assert (sources.ROOT / ".env.example").read_text(encoding="utf-8") == settings.env_example()


def test_the_example_changes_nothing_as_it_stands(tmp_path: Path) -> None:
    lines = settings.env_example().splitlines()
    assert all(not line or line.startswith("#") for line in lines)
    values = dict(line[2:].split("=", 1) for line in lines if line[2:].split("=")[0].isupper())
    assert {*values} == {name.upper() for name in settings.Settings.model_fields}
    assert settings.load(values | {"DATA_DIR": str(tmp_path)}).trusted_proxies == 0


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "inside"
    assert faults({"DATA_DIR": str(folder)}) == [
        f"A secret cannot be kept in {folder}/secret-key: Not a directory."
    ]
