"""Whether there is room on the disks this machine keeps its things on."""

import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from scheduler.operating.finding import Finding, Mark
from scheduler.settings import Settings

MEGABYTE = 1024 * 1024
TOO_LITTLE, LITTLE = 100 * MEGABYTE, 1024 * MEGABYTE
FEWEST_FILES = 1000
"""A file system may have room for bytes and none for one more file."""


def look(known: Settings) -> Iterator[Finding]:
    """One finding a disk: those of the data folder, of the database file and of local mail."""
    seen = set()
    for folder in folders(known):
        there = nearest(folder)
        disk = there.stat().st_dev
        if disk not in seen:
            seen.add(disk)
            yield _room(folder, os.statvfs(there))


def folders(known: Settings) -> list[Path]:
    """Where this machine keeps what is not with a server."""
    url = make_url(known.database_url)
    file = Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else None
    mail = None if known.smtp_url else known.mail_dir
    return [folder for folder in (known.data_dir, file, mail) if folder is not None]


def nearest(folder: Path) -> Path:
    """The folder itself, or the one it would be made in."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _room(folder: Path, disk: os.statvfs_result) -> Finding:
    free = disk.f_bavail * disk.f_frsize
    words = f"The disk of {folder} has {free // MEGABYTE:,} MB left"
    if free < TOO_LITTLE:
        return Finding("disk", Mark.WRONG, f"{words}: when it is full nothing more can be kept. Make room.")
    if disk.f_files and disk.f_favail < FEWEST_FILES:
        return Finding(
            "disk", Mark.WRONG, f"The disk of {folder} has room for {disk.f_favail} more files only."
        )
    if free < LITTLE:
        return Finding("disk", Mark.NOTE, f"{words}, which is not much.")
    return Finding("disk", Mark.WELL, f"{words}.")
