"""The broker: found, started privately, reached by its owner alone, and done without where there is none."""

import stat
from pathlib import Path

import pytest

from scheduler import broker
from tests.support import brokers


def test_a_named_broker_is_used_and_no_other_is_started(tmp_path: Path) -> None:
    assert broker.address("redis://redis.example.org:6379/2", tmp_path) == "redis://redis.example.org:6379/2"
    assert broker.private_server("redis://redis.example.org:6379/2") is None


def test_a_private_broker_answers_at_its_socket_which_is_its_owners_alone(tmp_path: Path) -> None:
    with brokers.running(tmp_path) as url:
        assert broker.answers(url)
        socket = Path(url.removeprefix("unix://"))
        assert stat.S_IMODE(socket.stat().st_mode) & 0o077 == 0
        assert stat.S_IMODE(socket.parent.stat().st_mode) & 0o077 == 0
    assert not broker.answers(url)


def test_a_long_data_folder_has_its_socket_in_a_short_one(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    url = broker.address("", folder)
    assert len(url.removeprefix("unix://").encode()) <= 100
    assert url != broker.address("", folder.with_name("other" * 25))
    with brokers.running(folder) as there:
        assert there == url


def test_a_folder_of_somebody_elses_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broker").mkdir()
    mine = (tmp_path / "broker").stat().st_uid
    monkeypatch.setattr("os.getuid", lambda: mine + 1)
    with pytest.raises(PermissionError, match="belongs to another user"):
        broker.make_room(tmp_path)


def test_without_the_wheel_a_server_on_the_path_is_taken_and_without_any_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert broker.private_server("") is None
    server = tmp_path / "redis-server"
    server.touch(0o755)
    assert broker.private_server("") == server
