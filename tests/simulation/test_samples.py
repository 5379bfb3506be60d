"""Samples: every letter there is has one, and the preview writes them all."""

from pathlib import Path

import pytest

from scheduler import db
from tests.support import sources
from tests.support.commands import Commands


def test_every_letter_is_previewed_as_text_and_html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    said = Commands().must("preview", "letters")
    db.unbind()
    folder = sources.ROOT / "templates" / "email"
    known = {path.stem for path in folder.glob("*.txt") if not path.stem.startswith("_")}
    for suffix in ("txt", "html"):
        written = {path.name.partition(".")[0] for path in Path("letters").glob(f"*.*.{suffix}")}
        assert written == known
    index = Path("letters/index.html").read_text(encoding="utf-8")
    assert all(path.name in index for path in Path("letters").glob("*.*.txt"))
    count = len(list(Path("letters").glob("*.*.txt")))
    assert said == f"{count} letters are in letters; begin with letters/index.html.\n"
