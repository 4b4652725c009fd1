"""TensorCircuit on its JAX backend: the only module that imports it.

Importing tensorcircuit, and choosing its backend and precision, changes global state of jax, of the environment
and of tensorcircuit itself. Everything here restores that state, also when an exception passes through.
"""

import functools
import importlib.metadata
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np

SCALED = {"2h": np.array([[1, 1], [1, -1]]), "h/2": np.array([[0.5, 0.5], [0.5, -0.5]])}
"""Hadamard gates times sqrt(2) and over sqrt(2), exact in any precision; one of each makes a pair."""

_LOCK = threading.RLock()


def matrix(gates: Sequence[tuple[str, Sequence[int]]], qubits: int, angles: jax.Array) -> jax.Array:
    """Returns the matrix [2^k, 2^k] of gates, in order, on k qubits.

    Args:
        gates: Pairs of a name of `circuits.GATES` or `SCALED`, and the places 0 ... k - 1 it acts on.
        qubits: The number k; place 0 is the most significant bit of the matrix's index.
        angles: Angles in radians [rotations], one a rotation among the gates, in order.

    Returns:
        A complex matrix of the precision of the angles.
    """
    from jaxqkd.circuits import GATES
    from jaxqkd.circuits.tensorcircuit import add_gate  # imports this module

    turns = iter(angles)
    dtype = "complex128" if angles.dtype == jnp.float64 else "complex64"
    with jax.default_matmul_precision("highest"), on_jax(dtype) as tc:
        circuit = tc.Circuit(qubits)
        for name, places in gates:
            if name in SCALED:
                circuit.any(*places, unitary=jnp.asarray(SCALED[name], dtype))
            else:
                add_gate(circuit, name, places, next(turns) if GATES[name].is_rotation else None)
        for place in set(range(qubits)).difference(*(places for _, places in gates)):
            circuit.i(place)  # a wire without a gate makes tensorcircuit ask for cotengra
        return circuit.quoperator().eval_matrix()


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
