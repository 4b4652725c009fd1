"""Exact expectation values under noise, in the Pauli basis.

Trained gates and channels do not depend on the data, so the observables of the measured qubits are carried
backwards through them once a seed, as real vectors in the Pauli basis, and a batch is one matrix product. Where
features drive gates, each example's state is carried forwards instead.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import memory
from jaxqkd.circuits import Circuit, check_measured, resolved
from jaxqkd.quantum import paulis
from jaxqkd.quantum.noise.channels import confusion_line
from jaxqkd.quantum.noise.model import NoiseModel, check
from jaxqkd.quantum.noise.schedule import Schedule, schedule, transfer_table
from jaxqkd.quantum.readouts import Readout, Z, everywhere, observables, signs
from jaxqkd.quantum.simulators import operators, statevector
from jaxqkd.quantum.simulators.pauli.fusion import Step, fused
from jaxqkd.quantum.simulators.pauli.transfer_matrices import Factors, apply, apply_transpose, factors

Stage = tuple[Sequence[Step], Factors]


def expectations(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    measured: Sequence[int],
    x: jax.Array | None = None,
    noise: NoiseModel,
    readout: Readout = Z,
) -> jax.Array:
    """Returns the exact values [B, n] of the readout's strings; see `jaxqkd.simulators.Simulator`.

    The errors of the readout of a string on several qubits mix it with strings on some of them, so they become a
    part of its observable.
    """
    read = check_measured(measured, circuit.qubits)
    strings = everywhere(observables(readout, len(read)), read, circuit.qubits)
    _check_room(circuit, states, len(strings))
    options: dict[str, Any] = {"measured": read, "x": x, "noise": noise}
    if noise.confusion is None or readout.kind == "expectation":
        values = of_observables(circuit, theta, states, paulis.observables(strings), **options)
        return operators.as_read(values, noise, read)
    slope, shift = confusion_line(noise.confusion, range(circuit.qubits))
    vectors = paulis.affine_observables(strings, slope, shift)
    return of_observables(circuit, theta, states, vectors, **options)


def outcomes(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    bases: Sequence[str],
    *,
    measured: Sequence[int],
    x: jax.Array | None,
    noise: NoiseModel,
) -> list[jax.Array]:
    """Returns exact probabilities [B, 2^k] of outcomes in each basis, before the errors of the readout."""
    marks = list(itertools.product((False, True), repeat=len(measured)))
    products = [
        "".join(letter if mark else "I" for letter, mark in zip(basis, row, strict=True))
        for basis in bases
        for row in marks
    ]
    _check_room(circuit, states, len(products))
    vectors = paulis.observables(everywhere(products, measured, circuit.qubits))
    every = of_observables(circuit, theta, states, vectors, measured=measured, x=x, noise=noise)
    characters = signs(["".join("Z" if mark else "I" for mark in row) for row in marks]).astype(every.dtype)
    found = []
    for start in range(0, len(products), len(marks)):
        one = every if len(bases) == 1 else every[:, start : start + len(marks)]
        one = jnp.matmul(one, characters, precision=paulis.PRECISION)
        found.append(jnp.maximum(one / len(marks), 0))  # rounding may leave less than nothing
    return found


def explain(circuit: Circuit) -> str:
    """Returns in plain words how the circuit is simulated under noise."""
    start = f"Noise is exact, in the Pauli basis of 4^{circuit.qubits} strings."
    if circuit.features:
        return f"{start} Features drive gates, so each state is carried forwards through gates and channels."
    return (
        f"{start} No feature drives a gate, so the observables of the measured qubits are carried backwards "
        "through gates and channels once, for all states of a batch."
    )


def of_observables(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    vectors: np.ndarray | jax.Array,
    *,
    measured: Sequence[int],
    x: jax.Array | None,
    noise: NoiseModel,
) -> jax.Array:
    """Returns the values [B, n] of observables [n, 4^Q] in the Pauli basis."""
    check(noise, circuit)
    statevector.check_shapes(circuit, theta, states, x)
    circuit, theta, x = resolved(circuit, theta, x)
    theta = jnp.asarray(theta, jnp.result_type(theta, float))
    _check_room(circuit, states, len(vectors))
    vectors = jnp.asarray(vectors, theta.dtype)
    instructions = schedule(circuit, noise, measured)
    if not circuit.features:
        return values(backwards(circuit, instructions, theta, vectors), states)
    forwards = jax.vmap(functools.partial(_forwards, circuit, instructions, theta))(states, jnp.asarray(x))
    return jnp.matmul(forwards, vectors.T, precision=paulis.PRECISION)


def _check_room(circuit: Circuit, states: jax.Array, count: int) -> None:
    """Refuses so many observables, before any of them is made, if their vectors do not fit the memory."""
    memory.check_vectors(circuit.qubits, len(states) if circuit.features else count, circuit.layers)


def backwards(circuit: Circuit, instructions: Schedule, theta: jax.Array, vectors: jax.Array) -> jax.Array:
    """Returns the observables [K, 4^Q] that have on encoded states the values of vectors [K, 4^Q] at the end."""
    stages = _stages(circuit, instructions, theta, jnp.zeros(0, theta.dtype))

    def back(stage: Stage, vectors: jax.Array) -> jax.Array:
        for step, factor in reversed(list(zip(*stage, strict=True))):
            vectors = apply_transpose(step, factor, vectors, circuit.qubits)
        return vectors

    return _staged(back, stages[::-1], vectors, circuit.layers, reverse=True)


def _forwards(
    circuit: Circuit, instructions: Schedule, theta: jax.Array, state: jax.Array, x: jax.Array
) -> jax.Array:
    """Returns one state [2^Q] after all instructions, in the Pauli basis [4^Q], for features x [D]."""
    stages = _stages(circuit, instructions, theta, x.astype(theta.dtype))

    def ahead(stage: Stage, vectors: jax.Array) -> jax.Array:
        for step, factor in zip(*stage, strict=True):
            vectors = apply(step, factor, vectors, circuit.qubits)
        return vectors

    vector = paulis.vector(state, circuit.qubits).astype(theta.dtype)
    return _staged(ahead, stages, vector[None], circuit.layers, reverse=False)[0]


def _staged(
    through: Callable[[Stage, jax.Array], jax.Array],
    stages: Sequence[Stage],
    vectors: jax.Array,
    layers: int,
    *,
    reverse: bool,
) -> jax.Array:
    """Returns vectors [K, 4^Q] after three stages, of which the second is a scan over layers."""
    first, (steps, factors), last = stages

    @functools.partial(jax.checkpoint, prevent_cse=False)  # the gradient keeps one vector a layer, not one a step
    def one_layer(vectors: jax.Array, factors: Factors) -> tuple[jax.Array, None]:
        return through((steps, factors), vectors), None

    vectors = jax.lax.scan(one_layer, through(first, vectors), factors, length=layers, reverse=reverse)[0]
    return through(last, vectors)


def _stages(circuit: Circuit, instructions: Schedule, theta: jax.Array, x: jax.Array) -> list[Stage]:
    """Returns the steps and their factors before the layers, of a layer with a leading axis L, and after them."""
    channels = [entry.astype(theta.dtype) for entry in transfer_table(instructions)]
    prefix, layer, final = (fused(part, circuit.qubits) for part in instructions[:3])
    once = [entry[0] for entry in channels]
    many = jax.vmap(lambda theta, channels: factors(layer, theta, x, channels))
    return [
        (prefix, factors(prefix, theta[0], x, once)),
        (layer, many(circuit.scale * theta, channels)),
        (final, factors(final, theta[0], x, once)),
    ]


def values(observables: jax.Array, states: jax.Array) -> jax.Array:
    """Returns the values [B, K] of observables [K, 4^Q] on pure states [B, 2^Q]."""
    size = states.shape[-1]
    real, imaginary = paulis.matrices(observables, (size - 1).bit_length())
    if jnp.iscomplexobj(states):
        real = jnp.concatenate(
            [jnp.concatenate([real, -imaginary], axis=2), jnp.concatenate([imaginary, real], axis=2)], axis=1
        )
        states = jnp.concatenate([states.real, states.imag], axis=1)
    columns = states.T
    mapped = jnp.matmul(real.reshape(-1, len(columns)), columns, precision=paulis.PRECISION)
    return jnp.sum(mapped.reshape(len(real), *columns.shape) * columns[None], axis=1).T
