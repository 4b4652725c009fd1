"""Exact expectation values under noise, in the Pauli basis.

Trained gates and channels do not depend on the data, so the observables of the measured qubits are carried
backwards through them once a seed, as real vectors in the Pauli basis, and a batch is one matrix product. Where
features drive gates, each example's state is carried forwards instead.
"""

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import memory
from jaxqkd.circuits import Circuit, check_measured, resolved
from jaxqkd.quantum import paulis
from jaxqkd.quantum.noise.model import NoiseModel, check
from jaxqkd.quantum.noise.schedule import Schedule, schedule, transfer_table
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
) -> jax.Array:
    """Returns exact <Z> [B, k] of each measured qubit under noise; see `jaxqkd.simulators.Simulator`."""
    read = check_measured(measured, circuit.qubits)
    subsets = np.eye(circuit.qubits, dtype=bool)[list(read)]
    z = parities(circuit, theta, states, subsets, measured=read, x=x, noise=noise)
    return operators.as_read(z, noise, read)


def explain(circuit: Circuit) -> str:
    """Returns in plain words how the circuit is simulated under noise."""
    start = f"Noise is exact, in the Pauli basis of 4^{circuit.qubits} strings."
    if circuit.features:
        return f"{start} Features drive gates, so each state is carried forwards through gates and channels."
    return (
        f"{start} No feature drives a gate, so the observables of the measured qubits are carried backwards "
        "through gates and channels once, for all states of a batch."
    )


def parities(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    subsets: np.ndarray,
    *,
    measured: Sequence[int],
    x: jax.Array | None,
    noise: NoiseModel,
) -> jax.Array:
    """Returns <Z ... Z> [B, n] over the qubits marked in each row of subsets [n, Q], before any confusion."""
    check(noise, circuit)
    statevector.check_shapes(circuit, theta, states, x)
    circuit, theta, x = resolved(circuit, theta, x)
    theta = jnp.asarray(theta, jnp.result_type(theta, float))
    columns = len(states) if circuit.features else len(subsets)
    memory.check_vectors(circuit.qubits, columns, circuit.layers)
    observables = jnp.asarray(paulis.parities(subsets), theta.dtype)
    instructions = schedule(circuit, noise, measured)
    if not circuit.features:
        return _products(_backwards(circuit, instructions, theta, observables), states)
    forwards = jax.vmap(functools.partial(_forwards, circuit, instructions, theta))(states, jnp.asarray(x))
    return jnp.matmul(forwards, observables.T, precision=paulis.PRECISION)


def _backwards(circuit: Circuit, instructions: Schedule, theta: jax.Array, vectors: jax.Array) -> jax.Array:
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


def _products(observables: jax.Array, states: jax.Array) -> jax.Array:
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
