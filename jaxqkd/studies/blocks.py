"""Block files: a block's results in a NumPy archive that carries its own SHA-256.

The archive is an ordinary `.npz` whose zip comment, its last 64 bytes, is the SHA-256 of all bytes before. So a
reader sees every flipped bit and every missing byte, and `numpy.load` opens the file all the same.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxqkd.files import write_whole

FACTS = "facts.json"
DIGEST_LENGTH = 64
MOST_BYTES = 2**31
"""Larger files are refused unread."""


class Result(NamedTuple):
    """What computing a block gives.

    Attributes:
        values: Arrays by name, with axes of the traced settings, the seeds, and what the run returned.
        facts: How they were made: the study, seconds, the digest of the seeds' data, versions.
    """

    values: dict[str, np.ndarray]
    facts: dict[str, Any]


class DamagedError(ValueError):
    """A block file that is not what was written."""


def path(directory: Path, number: int) -> Path:
    """Returns where a block's file is."""
    return directory / "blocks" / f"{number:05d}.npz"


def save(target: Path, result: Result) -> None:
    """Writes a block; the file appears under its name only when it is whole and on the disk.

    Raises:
        OSError: If it cannot be written, naming the file.
    """
    write_whole(target, _sealed(_archive(result.values, result.facts)))


def load(source: Path, study: str) -> Result:
    """Returns a block of the study with that id.

    Raises:
        DamagedError: If the file is damaged, another study's, or no block at all.
        FileNotFoundError: If there is none.
    """
    if source.stat().st_size > MOST_BYTES:
        raise DamagedError(f"{source} is larger than a block may be")
    content = source.read_bytes()
    body, seal = content[:-DIGEST_LENGTH], content[-DIGEST_LENGTH:]
    if hashlib.sha256(body).hexdigest().encode() != seal:
        raise DamagedError(f"{source} is damaged: its content has another SHA-256 than it says")
    result = _opened(source, content)
    if result.facts.get("study") != study:
        raise DamagedError(f"{source} is a block of another study")
    return result


def is_whole(source: Path, study: str) -> bool:
    """Returns whether there is an undamaged block of the study."""
    try:
        load(source, study)
    except (DamagedError, FileNotFoundError):
        return False
    return True


def _archive(values: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> bytes:
    """Returns a zip archive of arrays, stored as they are, and the same bytes for the same content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in values.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as entry:
                np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)
        archive.writestr(zipfile.ZipInfo(FACTS), json.dumps(dict(facts), sort_keys=True))
        archive.comment = b"0" * DIGEST_LENGTH
    return stream.getvalue()


def _sealed(archive: bytes) -> bytes:
    body = archive[:-DIGEST_LENGTH]
    return body + hashlib.sha256(body).hexdigest().encode()


def _opened(source: Path, content: bytes) -> Result:
    """Returns what is in the archive; nothing in it is unpacked larger than the file, and no object is made."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > len(content):
                raise DamagedError(f"{source} unpacks to more than its own size: no block does")
            facts = json.loads(archive.read(FACTS))
            arrays = [entry.filename.removesuffix(".npy") for entry in entries if entry.filename != FACTS]
            if not all(name.isidentifier() for name in arrays):
                raise DamagedError(f"{source} holds names that no block has")
            values = {name: _array(archive.read(f"{name}.npy")) for name in arrays}
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise DamagedError(f"{source} is no block: {error}") from error
    return Result(values, facts)


def _array(content: bytes) -> np.ndarray:
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
