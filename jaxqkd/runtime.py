"""What JAX runs with: a CPU's cores as devices, and compiled programs kept on disk. Nothing is automatic."""

import os
from pathlib import Path

import jax

from jaxqkd import checks

SHORTEST_COMPILATION = 0.1
"""Seconds; programs that compile faster are not kept."""


def use_all_cores() -> None:
    """Gives XLA one CPU device for each core that this process may use, and two at least; `sweep` keeps all busy.

    Call it first, before anything is computed with JAX: XLA fixes its devices when it starts. It changes nothing
    for GPUs and TPUs, all of which XLA sees by itself. XLA compiles otherwise for one device than for several,
    which may show in the last bits of results; any number of at least two gives the same ones.

    Raises:
        RuntimeError: If XLA has started already with another number of CPU devices.
    """
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = max(2, found)
    try:
        jax.config.update("jax_num_cpu_devices", cores)
    except RuntimeError:
        found = jax.local_device_count("cpu")
        if found != cores:
            raise RuntimeError(
                f"use_all_cores must come before JAX computes anything: XLA has started already, with {found} "
                f"CPU device{'s' * (found > 1)}, not {cores}. Call it right after the imports."
            ) from None


def use_compile_cache(directory: str | os.PathLike[str] | None = None) -> Path:
    """Keeps compiled programs on disk, so that another process with the same programs need not compile them.

    The cache holds native code that later processes run, so the directory is its user's alone: it is made with
    mode 700, and one that others own or may write to is refused.

    Args:
        directory: Where to keep the programs; by default `jaxqkd` in the user's cache directory.

    Returns:
        The directory.

    Raises:
        ValueError: If the directory is not private.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = home / "jaxqkd" if directory is None else Path(directory)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid"):
        told = path.stat()
        private = told.st_uid == os.getuid() and not told.st_mode & 0o022
        found = f"{path}, which others own or may write to"
        checks.require(private, "directory", "be its user's alone", found, f"chmod 700 {path}, or choose another.")
    jax.config.update("jax_compilation_cache_dir", str(path))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", SHORTEST_COMPILATION)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return path
