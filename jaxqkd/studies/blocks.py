"""Block files: the results of one block, in a sealed archive; see `jaxqkd.files`."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxqkd.files import DamagedError, load_archive, save_archive

__all__ = ["DamagedError", "Result", "is_whole", "load", "path", "save"]


class Result(NamedTuple):
    """The result of computing a block.

    Attributes:
        values: Arrays by name, with axes of the traced settings, the seeds, and those that the run returned.
        facts: How it was computed: the study, the seconds, the SHA-256 of the seeds' data, the versions.
    """

    values: dict[str, np.ndarray]
    facts: dict[str, Any]


def path(directory: Path, number: int) -> Path:
    """Returns the path of a block's file."""
    return directory / "blocks" / f"{number:05d}.npz"


def save(target: Path, result: Result) -> None:
    """Writes a block; the file appears under its name only when all of it is on the disk.

    Raises:
        OSError: If it cannot be written, naming the file.
    """
    save_archive(target, result.values, result.facts)


def load(source: Path, study: str) -> Result:
    """Returns a block of the study with the given id.

    Raises:
        DamagedError: If the file is damaged, a block of another study, or no block.
        FileNotFoundError: If there is none.
    """
    archive = load_archive(source)
    if archive.facts.get("study") != study:
        raise DamagedError(f"{source} is a block of another study")
    return Result(archive.arrays, archive.facts)


def is_whole(source: Path, study: str) -> bool:
    """Returns whether there is an undamaged block of the study."""
    try:
        load(source, study)
    except (DamagedError, FileNotFoundError):
        return False
    return True
