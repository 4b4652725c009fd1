"""Files that appear under their names only when they are complete: bytes, text, JSON, CSV and sealed archives.

A sealed archive is an ordinary `.npz` file whose zip comment, its last 64 bytes, is the SHA-256 of all bytes
before it. A reader thus detects each changed or missing byte, and `numpy.load` opens the file as usual. Neither
writing nor reading uses pickle.
"""

import csv
import hashlib
import io
import json
import os
import socket
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks

FACTS = "facts.json"
"""Name of the entry of an archive that is no array."""
LARGEST, LARGEST_JSON = 2**31, 2**24
"""The most bytes of an archive and of a JSON file; larger ones are refused unread."""
_DIGEST_LENGTH = 64
_UNREADABLE = zipfile.BadZipFile, KeyError, ValueError, EOFError, OverflowError, MemoryError, RecursionError
"""What the modules that read archives raise on bytes that are none."""


class Archive(NamedTuple):
    """The content of a sealed archive.

    Attributes:
        arrays: Arrays by name.
        facts: Anything else that JSON can hold, by name.
        sha256: The SHA-256 of the archive, which the file itself carries.
    """

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]
    sha256: str


class DamagedError(ValueError):
    """A file that does not hold what was written to it."""


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file atomically: it appears under its name only when all of it is on the disk.

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
    """Writes text atomically, in UTF-8."""
    write_whole(path, text.encode())


def save_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON atomically; numbers that JSON lacks, such as NaN, become null."""
    standard = json.loads(json.dumps(content), parse_constant=lambda _: None)
    save_text(path, json.dumps(standard, indent=2) + "\n")


def load_json(path: Path) -> dict[str, Any]:
    """Returns the content of a JSON file, by name.

    Raises:
        DamagedError: If it is no regular file, larger than `LARGEST_JSON`, or no JSON object.
        FileNotFoundError: If there is none.
    """
    _check_file(path, LARGEST_JSON)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path} is not readable as JSON: {error}") from error
    if not isinstance(content, dict):
        raise DamagedError(f"{path} holds a {type(content).__name__}, not values by name")
    return content


def save_rows(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Writes a CSV file atomically; each number has the fewest digits from which it can be restored."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    save_text(path, stream.getvalue())


def save_archive(path: Path, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any] | None = None) -> str:
    """Writes a sealed archive atomically; the same content gives the same bytes.

    Args:
        path: The file.
        arrays: Arrays by name; a name is an identifier, or several of them joined by dots.
        facts: Anything else that JSON can hold, by name.

    Returns:
        The SHA-256 of the archive.

    Raises:
        ValueError: On another name, or an array of Python objects.
        OSError: If it cannot be written, naming the path.
    """
    for name in arrays:
        checks.require(_is_name(name), "arrays", "have identifiers, joined by dots, for names", repr(name))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as entry:
                np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)
        if facts is not None:
            archive.writestr(zipfile.ZipInfo(FACTS), json.dumps(dict(facts), sort_keys=True))
        archive.comment = b"0" * _DIGEST_LENGTH
    body = stream.getvalue()[:-_DIGEST_LENGTH]
    sha256 = hashlib.sha256(body).hexdigest()
    write_whole(path, body + sha256.encode())
    return sha256


def load_archive(path: Path) -> Archive:
    """Returns the content of a sealed archive.

    Raises:
        DamagedError: If it is no regular file, damaged, larger than `LARGEST`, or no archive of named arrays.
        FileNotFoundError: If there is none.
    """
    _check_file(path, LARGEST)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content[:-_DIGEST_LENGTH]).hexdigest()
    if content[-_DIGEST_LENGTH:] != sha256.encode():
        raise DamagedError(f"{path} is damaged: its SHA-256 is not the one that it carries")
    try:
        return Archive(*_unpacked(content), sha256)
    except _UNREADABLE as error:
        raise DamagedError(f"{path} is no archive of arrays: {error}") from error


def _check_file(path: Path, most: int) -> None:
    """Refuses what is no regular file, such as a pipe, whose reading would hang, and a file that is too large."""
    size = path.stat().st_size
    if not path.is_file():
        raise DamagedError(f"{path} is no file")
    if size > most:
        raise DamagedError(f"{path} has {size} bytes, more than the {most} that are read")


def _unpacked(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Returns the arrays and facts; refuses content that unpacks to more than its own size, and Python objects."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > len(content):
            raise ValueError("it unpacks to more than its own size")
        entries = archive.namelist()
        names = [entry.removesuffix(".npy") for entry in entries if entry != FACTS]
        if not all(map(_is_name, names)):
            raise ValueError(f"it has other names than identifiers joined by dots: {names}")
        facts = json.loads(archive.read(FACTS)) if FACTS in entries else {}
        if not isinstance(facts, dict):
            raise ValueError(f"{FACTS} holds no facts by name")
        return {name: _array(archive.read(f"{name}.npy")) for name in names}, facts


def _is_name(name: str) -> bool:
    """Returns whether a name is made of identifiers joined by dots, so that it is never a path."""
    return all(part.isidentifier() for part in name.split("."))


def _array(content: bytes) -> np.ndarray:
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)


def _sync_folder(folder: Path) -> None:
    """Makes a rename survive a power failure, if the system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
