"""The directory of a study: claimed before any work; its files appear under their names only when whole."""

import hashlib
import importlib.metadata
import inspect
import json
import os
import platform
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jaxqkd import checks
from jaxqkd.files import save_json, write_whole
from jaxqkd.studies.study import Study, identity

STUDY = "study.json"
PROBE_BYTES = 2**20
"""What must fit on the disk before any work starts."""

PACKAGES = ("jaxqkd", "jax", "jaxlib", "flax", "optax", "tensorcircuit-ng", "numpy")
"""Those that decide the bits of the results."""


def claim(directory: Path, study: Study) -> None:
    """Makes the directory the study's: creates it and proves that it can be written, or refuses it.

    Accepts a directory that is new or empty, and one of the same study, where the work goes on.

    Raises:
        ValueError: If the directory holds another study, with the difference, or anything else.
        OSError: If it cannot be created or written.
    """
    found = _visible(directory)
    if found:
        earlier = _earlier(directory, found)
        _refuse_other(directory, earlier["description"], study.description)
        _warn_of_versions(directory, earlier["versions"], _made_with(study))
    (directory / "blocks").mkdir(parents=True, exist_ok=True)
    _probe(directory)
    if not found:
        held = {"id": study.id, "description": study.description, "versions": _made_with(study)}
        save_json(directory / STUDY, held)


def release(directory: Path) -> None:
    """Removes a directory again in which nothing was finished; leaves any other as it is."""
    names = {entry.relative_to(directory).as_posix() for entry in directory.rglob("*")}
    if names <= {STUDY, "blocks"}:
        with suppress(OSError):
            (directory / STUDY).unlink(missing_ok=True)
            (directory / "blocks").rmdir()
            directory.rmdir()


def description(directory: Path) -> dict[str, Any]:
    """Returns the description of the study whose directory this is.

    Raises:
        ValueError: If it is no study's directory.
    """
    return _earlier(directory, _visible(directory))["description"]


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that decide the bits of the results."""
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in PACKAGES}


def _visible(directory: Path) -> list[str]:
    """Returns what the directory holds, but for what a process that was killed, or starts just now, leaves."""
    entries = directory.iterdir() if directory.is_dir() else ()
    begun = (entry for entry in entries if entry.name != "blocks" or any(entry.iterdir()))
    return sorted(entry.name for entry in begun if not entry.name.endswith(".partial"))


def _earlier(directory: Path, found: Sequence[str]) -> dict[str, Any]:
    """Returns the description and versions that the directory holds; refuses it if it holds none."""
    cure = "Choose another directory."
    try:
        held = json.loads((directory / STUDY).read_text(encoding="utf-8"))
        whole = identity(held["description"]) == held["id"] and isinstance(held["versions"], dict)
    except FileNotFoundError:
        holds = f"{directory} with {', '.join(found[:3]) or 'nothing'}" + (" ..." if len(found) > 3 else "")
        checks.require(False, "directory", "be new, empty, or a study's", holds, cure)
    except (ValueError, TypeError, KeyError):
        whole = False
    cure = f"Delete {STUDY} and blocks/ there to start again."
    checks.require(whole, "directory", f"hold an undamaged {STUDY}", str(directory), cure)
    return held


def _refuse_other(directory: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    unlike = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    told = ", ".join(f"{name} {before.get(name)} there, {now.get(name)} here" for name in unlike)
    cure = "Choose another directory, or the same options."
    checks.require(not unlike, "directory", "hold the same study", f"{directory} with {told}", cure)


def _made_with(study: Study) -> dict[str, str]:
    """Returns the versions, and digests of the code of the study's functions where it can be had."""
    made = versions()
    for name in ("seed_data", "run"):
        with suppress(OSError, TypeError):
            source = inspect.getsource(getattr(study, name))
            made[f"code of {name}"] = hashlib.sha256(source.encode()).hexdigest()[:12]
    return made


def _warn_of_versions(directory: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    changed = [f"{name} {before.get(name)}, now {now[name]}" for name in now if before.get(name) != now[name]]
    if changed:
        told = f"{directory} was begun with {', '.join(changed)}: new blocks may differ in the last bits."
        print(f"jaxqkd: {told}", file=sys.stderr)


def _probe(directory: Path) -> None:
    """Fails within a moment where a block could not be written."""
    probe = directory / f".probe.{socket.gethostname()}.{os.getpid()}.partial"
    try:
        write_whole(probe, bytes(PROBE_BYTES))
    finally:
        probe.unlink(missing_ok=True)
