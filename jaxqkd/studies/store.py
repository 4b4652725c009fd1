"""The directory of a study: claimed before any work, and refused where it holds anything else."""

import hashlib
import importlib.metadata
import inspect
import os
import platform
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jaxqkd import checks
from jaxqkd.files import load_json, save_json, write_whole
from jaxqkd.studies.study import Study, identity, is_description

STUDY = "study.json"
PROBE_BYTES = 2**20
"""What must fit on the disk before any work starts."""

PACKAGES = ("jaxqkd", "jax", "jaxlib", "flax", "optax", "tensorcircuit-ng", "numpy")
"""Those that decide the bits of the results."""


def claim(directory: Path, study: Study) -> None:
    """Claims the directory for the study: creates it, and checks that it can be written.

    The directory may be new, empty, or hold the same study, which then goes on.

    Raises:
        ValueError: If the directory holds another study or anything else; the message names the difference.
        OSError: If it cannot be created or written.
    """
    entries = _visible(directory)
    if entries:
        earlier = _earlier(directory, entries)
        _refuse_other(directory, earlier["description"], study.description)
        _warn_of_versions(directory, earlier["versions"], _made_with(study))
    (directory / "blocks").mkdir(parents=True, exist_ok=True)
    _probe(directory)
    if not entries:
        held = {"id": study.id, "description": study.description, "versions": _made_with(study)}
        save_json(directory / STUDY, held)


def release(directory: Path) -> None:
    """Removes a directory in which no block was finished; leaves any other as it is."""
    names = {entry.relative_to(directory).as_posix() for entry in directory.rglob("*")}
    if names <= {STUDY, "blocks"}:
        with suppress(OSError):
            (directory / STUDY).unlink(missing_ok=True)
            (directory / "blocks").rmdir()
            directory.rmdir()


def description(directory: Path) -> dict[str, Any]:
    """Returns the description of the study that the directory holds.

    Raises:
        ValueError: If it holds none.
    """
    return _earlier(directory, _visible(directory))["description"]


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that decide the bits of the results."""
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in PACKAGES}


def _visible(directory: Path) -> list[str]:
    """Returns the directory's entries, without partial files and an empty blocks/.

    Processes that were killed, or have just started, leave those.
    """
    entries = directory.iterdir() if directory.is_dir() else ()
    kept = (entry for entry in entries if entry.name != "blocks" or any(entry.iterdir()))
    return sorted(entry.name for entry in kept if not entry.name.endswith(".partial"))


def _earlier(directory: Path, entries: Sequence[str]) -> dict[str, Any]:
    """Returns the description and versions that the directory holds, given its entries; refuses one without."""
    cure = "Choose another directory."
    try:
        held = load_json(directory / STUDY)
        whole = identity(held["description"]) == held["id"] and isinstance(held["versions"], dict)
        whole = whole and is_description(held["description"])
    except FileNotFoundError:
        holds = f"{directory} with {', '.join(entries[:3]) or 'nothing'}" + (" ..." if len(entries) > 3 else "")
        checks.require(False, "directory", "be new, empty, or a study's", holds, cure)
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    cure = f"Delete {STUDY} and blocks/ there to start again."
    checks.require(
        whole, "directory", f"hold an undamaged {STUDY} that this jaxqkd can read", str(directory), cure
    )
    return held


def _refuse_other(directory: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    difference = ", ".join(f"{name} {before.get(name)} there, {now.get(name)} here" for name in changed)
    cure = "Choose another directory, or the same options."
    checks.require(not changed, "directory", "hold the same study", f"{directory} with {difference}", cure)


def _made_with(study: Study) -> dict[str, str]:
    """Returns the versions, and digests of the source of the study's functions where Python can find it."""
    made = versions()
    for name in ("seed_data", "run"):
        with suppress(OSError, TypeError):
            source = inspect.getsource(getattr(study, name))
            made[f"code of {name}"] = hashlib.sha256(source.encode()).hexdigest()[:12]
    return made


def _warn_of_versions(directory: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    changed = [f"{name} {before.get(name)}, now {now[name]}" for name in now if before.get(name) != now[name]]
    if changed:
        text = f"{directory} was begun with {', '.join(changed)}: new blocks may differ in the last bits."
        print(f"jaxqkd: {text}", file=sys.stderr)


def _probe(directory: Path) -> None:
    """Fails at once if a block could not be written."""
    probe = directory / f".probe.{socket.gethostname()}.{os.getpid()}.partial"
    try:
        write_whole(probe, bytes(PROBE_BYTES))
    finally:
        probe.unlink(missing_ok=True)
