"""Nonsense after each command: one clear sentence on stderr, exit code 1 or 2, and nothing done."""

import os
import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scheduler import db
from tests.support.commands import COMMAND, Commands, live_in

HUGE = "1" + "0" * 30
CLASS_LIST = "name,email,roles\nSam Rivera,sam@example.org,student\n"
DATES = "--from 2027-03-08 --to 2027-03-19"

WRONG_USE = [
    "nonsense",
    "--nonsense",
    "programme add Riverside --coordinator ada@example.org",
    "import nowhere.csv --programme 1",
    "import folder --programme 1",
    "import '' --programme 1",
    "import people.csv --programme one",
    "import people.csv --programme -1",
    f"import people.csv --programme {HUGE}",
    f"round open --programme {HUGE} {DATES}",
    f"round open --programme 1 {DATES} --minutes seven",
    "round open --programme 1 --from 2027-02-30 --to 2027-03-19",
    "round open --programme 1 --from '' --to ''",
    *[
        f"round {verb} {number}"
        for verb in ("ask", "plan", "show", "publish", "close")
        for number in ("x", HUGE)
    ],
    "round show -- -1",
    "round show ''",
    "plan --instance nowhere.json --out plan.json",
    "plan --instance folder --out plan.json",
    "plan --instance people.csv --out folder",
    "plan --instance people.csv --out plan.json --seed many",
    f"plan --instance people.csv --out plan.json --seed {HUGE}",
    "plan --instance people.csv --out plan.json --time-limit -1",
    "demo --port -1",
    f"demo --port {HUGE}",
    "demo --data people.csv --port 0",
    "demo --data '' --port 0",
    "run --port 0",
    "run --port 65536",
    f"web --port {HUGE}",
    "web --processes 0",
    "work nonsense",
    "clock now",
    "tick now",
    "upgrade now",
    "doctor now",
    "mail nonsense",
    "hold now",
    "hold --why",
    "release now",
    "inbound --recipient",
    "inbound",
    "preview people.csv",
    "preview ''",
]
REFUSED = [
    "programme add '' --timezone Europe/Berlin --coordinator ada@example.org",
    "programme add ' ' --timezone Europe/Berlin --coordinator ada@example.org",
    "programme add Riverside --timezone Nowhere --coordinator ada@example.org",
    "programme add Riverside --timezone ../../etc/passwd --coordinator ada@example.org",
    "programme add Riverside --timezone '' --coordinator ada@example.org",
    "programme add Riverside --timezone Europe/Berlin --coordinator nobody",
    "programme add Riverside --timezone Europe/Berlin --coordinator ''",
    "import people.csv --programme 9",
    "import binary --programme 1",
    "import /dev/zero --programme 1",
    f"round open --programme 9 {DATES}",
    "round open --programme 1 --from 2027-03-19 --to 2027-03-08",
    "round open --programme 1 --from 0001-01-01 --to 0001-01-02",
    "round open --programme 1 --from 9999-12-30 --to 9999-12-31",
    f"round open --programme 1 {DATES} --answer-by 2027-05-01",
    *[f"round open --programme 1 {DATES} --minutes {minutes}" for minutes in ("7", "0", "-30", HUGE)],
    *[f"round {verb} 99" for verb in ("ask", "plan", "show", "publish", "close")],
    "plan --instance binary --out plan.json",
    "plan --instance people.csv --out plan.json",
    "demo --data people.csv/sub --port 0",
    "run --host 256.256.256.256 --port 8765",
    "web --host 256.256.256.256 --port 8765",
    "preview people.csv/sub",
    f"hold --why {'x' * 201}",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and a programme in it, a class list, a folder and a file of bytes."""
    made = tmp_path_factory.mktemp("misuse")
    (made / "people.csv").write_text(CLASS_LIST, encoding="utf-8")
    (made / "binary").write_bytes(bytes(range(256)) * 8)
    (made / "folder").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        live_in(made, patch)
        run = Commands()
        run.must("upgrade")
        run.must(*shlex.split("programme add Old --timezone Europe/Berlin --coordinator ada@example.org"))
        db.unbind()
    return made


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    live_in(folder, monkeypatch)
    yield Commands()
    db.unbind()


def one_sentence(run: Commands, words: str, code: int) -> str:
    """What the command says of it, having done nothing."""
    before = sorted(Path.cwd().iterdir())
    answer = run(*shlex.split(words))
    assert isinstance(answer.exception, SystemExit), answer.exception
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert answer.stderr.endswith((".\n", "?\n"))
    assert answer.stderr.count("\n") == 1
    assert sorted(Path.cwd().iterdir()) == before
    return answer.stderr


@pytest.mark.parametrize("words", WRONG_USE)
def test_wrong_use_is_one_sentence_with_the_way_to_the_help(run: Commands, words: str) -> None:
    said = one_sentence(run, words, 2)
    assert re.fullmatch(r".+[.?] See  (commands|coffee-rounds)[a-z ]* --help\.\n", said)


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_done_is_one_sentence(run: Commands, words: str) -> None:
    assert "Traceback" not in one_sentence(run, words, 1)


@pytest.mark.parametrize(
    "words", ["upgrade", "tick", "round show 1", "import people.csv --programme 1", "run"]
)
@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////nowhere/at/all.db", "sqlite:///binary"]
)
def test_a_database_that_is_away_or_is_none_is_one_sentence(
    run: Commands, monkeypatch: pytest.MonkeyPatch, words: str, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert one_sentence(run, words, 1).startswith("The database does not answer: ")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("stopped-at", b"yesterday"),
        ("stopped-at", b"\xff"),
        ("clock-offset", b"far"),
        ("clock-offset", b"1" + b"0" * 30),
        ("demo.sqlite3", b"no database" * 99),
    ],
)
def test_a_demo_with_a_damaged_file_is_one_sentence(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    words = [COMMAND, "demo", "--data", str(tmp_path), "--port", "0"]
    answer = subprocess.run(
        words, capture_output=True, text=True, check=False, env=os.environ | {"SMTP_URL": ""}
    )
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert file in answer.stderr or "file is not a database" in answer.stderr


@pytest.mark.parametrize("command", ["run", "web", "demo"])
def test_a_port_that_is_taken_is_one_sentence(run: Commands, command: str) -> None:
    with closing(socket.socket()) as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        said = one_sentence(run, f"{command} --port {port}", 1)
    assert said.startswith(f"Port {port} is taken: name another, as in ")


def test_without_any_word_the_help_is_shown(run: Commands) -> None:
    assert "Usage:" in run().output
    assert "Commands:" in run("round").output
