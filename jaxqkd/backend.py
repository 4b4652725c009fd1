"""TensorCircuit on its JAX backend: the only module that imports it.

Importing tensorcircuit, and choosing its backend and precision, changes global state of jax, of the environment
and of tensorcircuit itself. This module restores that state, also where an exception is raised.
"""

import functools
import importlib.metadata
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import ModuleType

import jax

_LOCK = threading.RLock()


@contextmanager
def on_jax(dtype: str) -> Iterator[ModuleType]:
    """Yields tensorcircuit on its JAX backend at the given precision, and restores all global state."""
    with _LOCK:
        tc = _import()
        backend, precision = tc.backend.name, tc.dtypestr
        with _restored_x64(changes=precision != dtype):
            try:
                tc.set_backend("jax")
                _set_precision(tc, dtype)
                yield tc
            finally:
                tc.set_backend(backend)
                _set_precision(tc, precision)


def _set_precision(tc: ModuleType, dtype: str) -> None:
    if tc.dtypestr != dtype:
        tc.set_dtype(dtype)


@contextmanager
def _restored_x64(changes: bool = True) -> Iterator[None]:
    """Restores jax's global x64 setting, which tensorcircuit's `set_dtype` overwrites."""
    if not changes:
        yield
        return
    with ThreadPoolExecutor(1) as fresh_thread:  # one without the caller's `jax.enable_x64` context
        before = fresh_thread.submit(lambda: jax.config.read("jax_enable_x64")).result()
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


@functools.cache
def _import() -> ModuleType:
    _refuse_the_old_distribution()
    environment = dict(os.environ)
    try:
        with _restored_x64():
            import tensorcircuit
    finally:
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
    return tensorcircuit


def _refuse_the_old_distribution() -> None:
    try:
        version = importlib.metadata.version("tensorcircuit")
    except importlib.metadata.PackageNotFoundError:
        return
    raise ImportError(
        f"The distribution tensorcircuit {version} is installed; it is unmaintained and hides tensorcircuit-ng, "
        "which has the same import name. Cure: pip uninstall -y tensorcircuit tensorcircuit-ng && "
        "pip install tensorcircuit-ng"
    )
