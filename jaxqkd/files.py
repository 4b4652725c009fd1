"""Files that appear under their names only when all of them is on the disk: bytes, text, JSON and CSV."""

import csv
import json
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file; it appears under its name only when all of it is on the disk.

    Raises:
        OSError: If it cannot be written, naming the path.
    """
    temporary = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def save_text(path: Path, text: str) -> None:
    """Writes text whole."""
    write_whole(path, text.encode())


def save_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON whole; numbers that JSON has not, such as NaN, become null."""
    standard = json.loads(json.dumps(content), parse_constant=lambda _: None)
    save_text(path, json.dumps(standard, indent=2) + "\n")


def save_rows(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Writes a CSV file whole; numbers in the fewest digits that give the same number again."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    save_text(path, stream.getvalue())


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut, where the system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
