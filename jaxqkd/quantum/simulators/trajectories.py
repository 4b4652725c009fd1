"""Trajectories: noise by chance, on pure states, for circuits too large for exact noise.

Each channel picks one of its Kraus operators, with the probability that the state gives it; the mean over many
trajectories is the exact value. A trajectory takes 2^Q numbers an example, where exact noise takes 4^Q.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks, memory
from jaxqkd.circuits import Circuit, check_measured, matrix
from jaxqkd.quantum import paulis
from jaxqkd.quantum.noise import channels
from jaxqkd.quantum.noise.channels import confusion_line
from jaxqkd.quantum.noise.model import NoiseModel, check
from jaxqkd.quantum.noise.schedule import Instruction, Schedule, schedule
from jaxqkd.quantum.simulators import statevector
from jaxqkd.quantum.simulators.shots import key_at
from jaxqkd.quantum.simulators.statevector.lowering import signs
from jaxqkd.types import Key


def expectations(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    measured: Sequence[int],
    x: jax.Array | None = None,
    noise: NoiseModel | None = None,
    key: Key,
    count: int,
) -> jax.Array:
    """Returns <Z> [B, k] under noise as the mean over so many trajectories; see `samples` for the arguments.

    The gradient is that of the trajectories as drawn: unbiased for channels of random Pauli strings, not for
    relaxation and measurement, whose draws depend on the state. Other angles draw anew from the same key.
    """
    if noise is None:
        return statevector.expectations(circuit, theta, states, measured=measured, x=x)
    read = check_measured(measured, circuit.qubits)
    z = samples(key_at(key, theta), circuit, theta, states, measured=measured, x=x, noise=noise, count=count).mean(
        axis=0
    )
    if noise.confusion is None:
        return z
    slope, shift = confusion_line(noise.confusion, read)
    return slope[None] * z + shift[None]


def samples(
    key: Key,
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    measured: Sequence[int],
    x: jax.Array | None = None,
    noise: NoiseModel,
    count: int,
) -> jax.Array:
    """Returns <Z> [count, B, k] of each trajectory, before errors of the readout; one after the other.

    Args:
        key: Random key.
        circuit: The gates.
        theta: Trained angles [L, P] in radians, before the circuit's scale.
        states: Encoded states [B, 2^Q], real or complex.
        measured: The qubits that are read.
        x: Features [B, D], where a gate of the circuit reads them.
        noise: Channels and where they act.
        count: Number of trajectories an example, at least 1.
    """
    checks.integer("count", count)
    read = check_measured(measured, circuit.qubits)
    check(noise, circuit)
    statevector.check_shapes(circuit, theta, states, x)
    memory.check_states(circuit.qubits, len(states))
    x = jnp.zeros((len(states), 0), theta.dtype) if x is None else x
    one = functools.partial(_trajectory, circuit, schedule(circuit, noise, read), theta)
    readout = jnp.asarray(signs(circuit.qubits)[:, list(read)], theta.dtype)

    def of_all(key: Key) -> jax.Array:
        final = jax.vmap(one)(jax.random.split(key, len(states)), states, x)
        return jnp.matmul(final.real**2 + final.imag**2, readout, precision=paulis.PRECISION)

    return jax.lax.map(of_all, jax.random.split(key, count))


def sampled(student: Any, count: int, key: Key) -> Any:
    """Returns the student with <Z> as the mean over so many trajectories, a model for the same parameters.

    Args:
        student: A `jaxqkd.models.QuantumStudent` with noise.
        count: Number of trajectories an example, at least 1.
        key: Random key; another one gives another draw.
    """
    checks.integer("count", count)
    return student.clone(estimator=functools.partial(expectations, key=key, count=count))


def _trajectory(
    circuit: Circuit, found: Schedule, theta: jax.Array, key: Key, state: jax.Array, x: jax.Array
) -> jax.Array:
    """Returns one state [2^Q] after all instructions, with the choices that the key makes."""
    operators = [jax.lax.stop_gradient(channels.kraus(channel)) for channel in found.channels]
    k_prefix, k_layers, k_final = jax.random.split(key, 3)

    def along(
        instructions: Sequence[Instruction], key: Key, psi: jax.Array, theta: jax.Array, mid_circuit: jax.Array
    ) -> jax.Array:
        for place, instruction in enumerate(instructions):
            if not isinstance(instruction.name, int):
                angle = (
                    None
                    if instruction.angle is None
                    else (x.astype(theta.dtype) if instruction.is_driven else theta)[instruction.angle]
                )
                psi = _on(instruction.qubits, psi, functools.partial(jnp.matmul, matrix(instruction.name, angle)))
                continue
            mine = (
                _measurement(mid_circuit[instruction.qubits[0]])
                if instruction.name == len(operators)
                else operators[instruction.name]
            )
            mine = mine[instruction.qubits[0]] if mine.ndim == 4 else mine
            psi = _on(instruction.qubits, psi, functools.partial(_chosen, jax.random.fold_in(key, place), mine))
        return psi

    @functools.partial(jax.checkpoint, prevent_cse=False)  # the gradient keeps one state a layer, not one a gate
    def one_layer(psi: jax.Array, inputs: tuple) -> tuple[jax.Array, None]:
        layer, angles, mid_circuit = inputs
        return along(found.layer, jax.random.fold_in(k_layers, layer), psi, angles, mid_circuit), None

    unmeasured = jnp.zeros(circuit.qubits, bool)
    psi = state.astype(jnp.result_type(theta, jnp.complex64)).reshape([2] * circuit.qubits)
    psi = along(found.prefix, k_prefix, psi, theta[0], unmeasured)
    layers = jnp.arange(circuit.layers), circuit.scale * theta, jnp.asarray(found.mid_circuit)
    psi = jax.lax.scan(one_layer, psi, layers)[0]
    return along(found.final, k_final, psi, theta[0], unmeasured).ravel()


def _on(qubits: Sequence[int], psi: jax.Array, operation: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """Returns psi [2, ..., 2] after a function of matrices [2^k, rest], whose rows are the qubits' states."""
    front = range(len(qubits))
    moved = jnp.moveaxis(psi, qubits, front)
    return jnp.moveaxis(operation(moved.reshape(2 ** len(qubits), -1)).reshape(psi.shape), front, qubits)


def _chosen(key: Key, operators: jax.Array, psi: jax.Array) -> jax.Array:
    """Returns psi [2^k, rest] after one of the operators [n, 2^k, 2^k], normalized."""
    operators = operators.astype(psi.dtype)
    density = jnp.matmul(psi, psi.conj().T, precision=paulis.PRECISION)
    chances = jnp.einsum("nij,jk,nik->n", operators, density, operators.conj(), precision=paulis.PRECISION).real
    chances = jnp.maximum(jax.lax.stop_gradient(chances), 0)
    pick = jax.random.categorical(key, jnp.log(chances))
    return jnp.matmul(operators[pick], psi, precision=paulis.PRECISION) / jnp.sqrt(chances[pick])


def _measurement(happens: jax.Array) -> jax.Array:
    """Returns the projectors [2, 2, 2] on both outcomes, or the identity and nothing where none happens."""
    projectors = jnp.asarray(np.stack([np.diag([1, 0]), np.diag([0, 1])]), complex)
    nothing = jnp.asarray(np.stack([np.eye(2), np.zeros((2, 2))]), complex)
    return jnp.where(happens, projectors, nothing)
