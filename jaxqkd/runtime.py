"""Settings of JAX: the cores of a CPU as devices, and a cache of compiled programs. None is automatic."""

import os
from pathlib import Path

import jax

from jaxqkd import checks

__all__ = ["use_all_cores", "use_compile_cache"]

SHORTEST_COMPILATION = 0.1
"""Seconds; programs that compile faster are not cached."""


def use_all_cores() -> None:
    """Gives XLA one CPU device for each core that this process may use, at least two; `sweep` uses all of them.

    Call it before anything is computed with JAX, since XLA fixes its devices when it starts. It does not affect
    GPUs and TPUs, all of which XLA uses by default. XLA compiles differently for one device than for several,
    which may change the last bits of results; any number from two on gives the same bits.

    Raises:
        RuntimeError: If XLA has started already with another number of CPU devices.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = max(2, usable)
    try:
        jax.config.update("jax_num_cpu_devices", cores)
    except RuntimeError:
        started = jax.local_device_count("cpu")
        if started != cores:
            raise RuntimeError(
                f"use_all_cores must come before JAX computes anything: XLA has started already, with {started} "
                f"CPU device{'s' * (started > 1)}, not {cores}. Call it right after the imports."
            ) from None


def use_compile_cache(directory: str | os.PathLike[str] | None = None) -> Path:
    """Caches compiled programs on disk, so that later processes need not compile them again.

    The cache holds native code that these processes run, so the directory must be private: it is created with mode
    700, and one that others own or may write to is refused.

    Args:
        directory: The directory of the cache; by default `jaxqkd` in the user's cache directory.

    Returns:
        The directory.

    Raises:
        ValueError: If the directory is not private.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = home / "jaxqkd" if directory is None else Path(directory)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid"):
        status = path.stat()
        private = status.st_uid == os.getuid() and not status.st_mode & 0o022
        actual, cure = f"{path}, which others own or may write to", f"chmod 700 {path}, or choose another."
        checks.require(private, "directory", "be its user's alone", actual, cure)
    jax.config.update("jax_compilation_cache_dir", str(path))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", SHORTEST_COMPILATION)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return path
