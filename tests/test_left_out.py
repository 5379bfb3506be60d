"""A test that cannot run says so on a laptop, and fails where nothing may be left out."""

import pytest

from tests.support import left_out


def test_what_is_there_is_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    left_out.require("/usr/bin/chromium", "no browser here")


def test_a_laptop_leaves_out_what_it_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser here"):
        left_out.require(None, "no browser here")


def test_nothing_is_left_out_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="may not be left out here: no browser here"):
        left_out.require(None, "no browser here")
