"""Trajectories: noise by random choices on pure states, for circuits that are too large for exact noise.

Each channel applies one of its Kraus operators, drawn with the probability that the state gives it; the mean over
many trajectories is the exact value. A trajectory takes 2^Q numbers an example, where exact noise takes 4^Q.

References:
    Dalibard, Castin, Molmer, Wave-function approach to dissipative processes in quantum optics, Phys. Rev. Lett.
    68, 580 (1992).
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from jaxqkd import checks, memory
from jaxqkd.circuits import Circuit, check_measured, matrix, resolved
from jaxqkd.quantum import paulis
from jaxqkd.quantum.noise.model import NoiseModel, check
from jaxqkd.quantum.noise.schedule import Instruction, Schedule, schedule
from jaxqkd.quantum.simulators import operators, statevector
from jaxqkd.quantum.simulators.kernels import EXACT
from jaxqkd.quantum.simulators.simulator import STREAM, Simulator, check_key
from jaxqkd.quantum.simulators.statevector.lowering import signs
from jaxqkd.types import Key


@dataclass(frozen=True)
class Trajectories(Simulator):
    """Values under noise as means over trajectories; made by `jaxqkd.simulators.trajectories`.

    Attributes:
        count: Number of trajectories of each example.
    """

    count: int

    def __post_init__(self) -> None:
        checks.integer("count", self.count)

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random stream of the choices that channels make."""
        return (STREAM,)

    def expectations(
        self,
        circuit: Circuit,
        theta: jax.Array,
        states: jax.Array,
        *,
        measured: Sequence[int],
        x: jax.Array | None = None,
        noise: NoiseModel | None = None,
        key: Key | None = None,
    ) -> jax.Array:
        """Returns <Z> [B, k] as means over trajectories; see `Simulator.expectations`. Exact without noise."""
        drawn_with = check_key(key)
        if noise is None:
            return EXACT.expectations(circuit, theta, states, measured=measured, x=x)
        options: dict[str, Any] = {"measured": measured, "x": x, "noise": noise, "count": self.count}
        z = samples(drawn_with, circuit, theta, states, **options).mean(axis=0)
        return operators.as_read(z, noise, check_measured(measured, circuit.qubits))

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit without noise."""
        return EXACT.final_states(circuit, theta, states, x=x)

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the circuit is simulated."""
        if noise is None:
            return f"There is no noise, so nothing is drawn. {EXACT.explain(circuit)}"
        size = f"a state vector of 2^{circuit.qubits} amplitudes"
        return f"The mean over {self.count} trajectories of each example, whose channels act at random on {size}."


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
    """Returns <Z> [count, B, k] of each trajectory, before errors of the readout.

    Trajectories are simulated one after the other. For the arguments see `jaxqkd.simulators.Simulator`.
    """
    checks.integer("count", count)
    read = check_measured(measured, circuit.qubits)
    check(noise, circuit)
    statevector.check_shapes(circuit, theta, states, x)
    memory.check_states(circuit.qubits, len(states))
    circuit, theta, x = resolved(circuit, theta, x)
    x = jnp.zeros((len(states), 0), theta.dtype) if x is None else x
    one = functools.partial(_trajectory, circuit, schedule(circuit, noise, read), theta)
    readout = jnp.asarray(signs(circuit.qubits)[:, list(read)], theta.dtype)

    def of_all(key: Key) -> jax.Array:
        final = jax.vmap(one)(jax.random.split(key, len(states)), states, x)
        return jnp.matmul(final.real**2 + final.imag**2, readout, precision=paulis.PRECISION)

    return jax.lax.map(of_all, jax.random.split(key, count))


def _trajectory(
    circuit: Circuit, instructions: Schedule, theta: jax.Array, key: Key, state: jax.Array, x: jax.Array
) -> jax.Array:
    """Returns one state [2^Q] after all instructions, with the choices that the key makes."""
    kraus = jax.lax.stop_gradient(operators.kraus(instructions))
    k_prefix, k_layers, k_final = jax.random.split(key, 3)

    def along(
        part: Sequence[Instruction], key: Key, psi: jax.Array, theta: jax.Array, is_measured: jax.Array
    ) -> jax.Array:
        for place, instruction in enumerate(part):
            if isinstance(instruction.name, int):
                channel = operators.kraus_of(instruction, kraus, is_measured)
                act = functools.partial(_draw, jax.random.fold_in(key, place), channel)
            else:
                gate = matrix(instruction.name, operators.angle(instruction, theta, x))
                act = functools.partial(jnp.matmul, gate)
            psi = _on(instruction.qubits, psi, act)
        return psi

    @functools.partial(jax.checkpoint, prevent_cse=False)  # the gradient keeps one state a layer, not one a gate
    def one_layer(psi: jax.Array, inputs: tuple) -> tuple[jax.Array, None]:
        layer, angles, is_measured = inputs
        return along(instructions.layer, jax.random.fold_in(k_layers, layer), psi, angles, is_measured), None

    never = jnp.zeros(circuit.qubits, bool)
    psi = state.astype(jnp.result_type(theta, jnp.complex64)).reshape([2] * circuit.qubits)
    psi = along(instructions.prefix, k_prefix, psi, theta[0], never)
    layers = jnp.arange(circuit.layers), circuit.scale * theta, jnp.asarray(instructions.mid_circuit)
    psi = jax.lax.scan(one_layer, psi, layers)[0]
    return along(instructions.final, k_final, psi, theta[0], never).ravel()


def _on(qubits: Sequence[int], psi: jax.Array, operation: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """Returns psi [2, ..., 2] after a function of it as a matrix [2^k, rest], whose rows belong to the qubits."""
    front = range(len(qubits))
    moved = jnp.moveaxis(psi, qubits, front)
    return jnp.moveaxis(operation(moved.reshape(2 ** len(qubits), -1)).reshape(psi.shape), front, qubits)


def _draw(key: Key, operators: jax.Array, psi: jax.Array) -> jax.Array:
    """Returns psi [2^k, rest] after one of the operators [n, 2^k, 2^k], drawn by its probability, of norm 1."""
    operators = operators.astype(psi.dtype)
    density = jnp.matmul(psi, psi.conj().T, precision=paulis.PRECISION)
    chances = jnp.einsum("nij,jk,nik->n", operators, density, operators.conj(), precision=paulis.PRECISION).real
    chances = jnp.maximum(jax.lax.stop_gradient(chances), 0)
    pick = jax.random.categorical(key, jnp.log(chances))
    return jnp.matmul(operators[pick], psi, precision=paulis.PRECISION) / jnp.sqrt(chances[pick])
