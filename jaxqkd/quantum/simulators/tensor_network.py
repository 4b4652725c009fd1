"""Simulation of whole circuits by TensorCircuit on its JAX backend: the reference that all other paths equal.

One example is simulated at a time, and a batch is a `vmap`. The layers are one scan, since the compilation of
unrolled layers takes minutes.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp

from jaxqkd import backend, checks, memory
from jaxqkd.circuits import GATES, Circuit, check_measured, matrix
from jaxqkd.quantum.noise.channels import confusion_line
from jaxqkd.quantum.noise.model import NoiseModel, check
from jaxqkd.quantum.noise.schedule import Instruction, Schedule, schedule
from jaxqkd.quantum.simulators import operators, statevector
from jaxqkd.quantum.simulators.simulator import Simulator
from jaxqkd.types import Key


@dataclass(frozen=True)
class TensorCircuit(Simulator):
    """Simulation by TensorCircuit; made by `jaxqkd.simulators.tensorcircuit`.

    Attributes:
        bond: The largest bond dimension of matrix product states, or None for state vectors.
    """

    bond: int | None = None

    def __post_init__(self) -> None:
        if self.bond is not None:
            checks.integer("bond", self.bond)

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
        """Returns <Z> [B, k] by TensorCircuit; see `Simulator.expectations`."""
        options: dict[str, Any] = {"measured": measured, "x": x, "noise": noise, "bond": self.bond}
        return expectations(circuit, theta, states, **options)

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit."""
        return final_states(circuit, theta, states, x=x, bond=self.bond)

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the circuit is simulated."""
        return explain(circuit, noise=noise, bond=self.bond)


def expectations(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    measured: Sequence[int],
    x: jax.Array | None = None,
    noise: NoiseModel | None = None,
    bond: int | None = None,
) -> jax.Array:
    """Returns <Z> [B, k] of each measured qubit; see `Simulator.expectations` and `TensorCircuit`."""
    read = check_measured(measured, circuit.qubits)

    def of_one(tc: ModuleType, final: jax.Array) -> jax.Array:
        network = _network(tc, circuit.qubits, final, is_mixed=noise is not None)
        return jnp.stack([network.expectation_ps(z=[qubit]).real for qubit in read])

    z = _simulated(of_one, circuit, theta, states, x, read, noise, bond)
    if noise is None or noise.confusion is None:
        return z
    slope, shift = confusion_line(noise.confusion, read)
    return slope[None] * z + shift[None]


def final_states(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    *,
    x: jax.Array | None = None,
    bond: int | None = None,
) -> jax.Array:
    """Returns the pure states [B, 2^Q] after the circuit."""
    every = check_measured(None, circuit.qubits)
    return _simulated(lambda _, final: final, circuit, theta, states, x, every, None, bond)


def explain(circuit: Circuit, *, noise: NoiseModel | None = None, bond: int | None = None) -> str:
    """Returns in plain words how TensorCircuit simulates the circuit."""
    kinds = {
        "a density matrix of 4^{0} numbers": noise is not None,
        "a matrix product state of bond dimension {1} at most": bond is not None,
        "a state vector of 2^{0} amplitudes": True,
    }
    kind = next(text for text, holds in kinds.items() if holds).format(circuit.qubits, bond)
    return f"TensorCircuit simulates {kind} for each example, on its JAX backend."


def _simulated(
    function: Callable[[ModuleType, jax.Array], jax.Array],
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    x: jax.Array | None,
    measured: Sequence[int],
    noise: NoiseModel | None,
    bond: int | None,
) -> jax.Array:
    """Returns the function [B, ...] of each final state: [2^Q], or a density matrix [2^Q, 2^Q] under noise."""
    _check(circuit, theta, states, x, measured, noise, bond)
    theta = jnp.asarray(theta, jnp.result_type(theta, float))
    dtype = jnp.result_type(theta, jnp.complex64)
    x = jnp.zeros((len(states), 0), theta.dtype) if x is None else x
    instructions = schedule(circuit, NoiseModel() if noise is None else noise, measured)
    with jax.default_matmul_precision("highest"), backend.on_jax(dtype.name) as tc:

        def of_one(state: jax.Array, x: jax.Array) -> jax.Array:
            state = state.astype(dtype)
            begin = functools.partial(_network, tc, circuit.qubits, is_mixed=noise is not None, bond=bond)
            first = state if noise is None else jnp.outer(state, state.conj())
            final = _evolved(begin, circuit, instructions, theta, first, x)
            if bond is not None:  # what is cut off is lost of the norm
                final = final / jnp.linalg.norm(final)
                final = final if dtype == jnp.complex128 else _without_gradient(final)
            return function(tc, final)

        return jax.vmap(of_one)(states, x)


def _network(tc: ModuleType, qubits: int, state: jax.Array, *, is_mixed: bool, bond: int | None = None) -> Any:
    """Returns a circuit of TensorCircuit without gates that starts from the state."""
    if is_mixed:
        return tc.DMCircuit(qubits, dminputs=state)
    if bond is not None:
        return tc.MPSCircuit(qubits, wavefunction=state, split={"max_singular_values": bond})
    return tc.Circuit(qubits, inputs=state)


def _evolved(
    begin: Callable[[jax.Array], Any],
    circuit: Circuit,
    instructions: Schedule,
    theta: jax.Array,
    state: jax.Array,
    x: jax.Array,
) -> jax.Array:
    """Returns one state after all instructions; `begin` makes a circuit of TensorCircuit that starts from one."""
    kraus = operators.kraus(instructions)

    def along(
        part: Sequence[Instruction], state: jax.Array, theta: jax.Array, is_measured: jax.Array
    ) -> jax.Array:
        network = begin(state)
        for instruction in part:
            if isinstance(instruction.name, int):
                channel = operators.kraus_of(instruction, kraus, is_measured)
                network.general_kraus(list(channel), *instruction.qubits)
            else:
                _add(network, instruction, operators.angle(instruction, theta, x))
        return network.state().reshape(state.shape)

    def one_layer(state: jax.Array, inputs: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        return along(instructions.layer, state, *inputs), None

    never = jnp.zeros(circuit.qubits, bool)
    state = along(instructions.prefix, state, theta[0], never)
    layers = circuit.scale * theta, jnp.asarray(instructions.mid_circuit)
    state = jax.lax.scan(one_layer, state, layers)[0]
    return along(instructions.final, state, theta[0], never)


@jax.custom_jvp
def _without_gradient(final: jax.Array) -> jax.Array:
    """Returns the same states, whose gradient is refused."""
    return final


@_without_gradient.defjvp
def _refuse_gradient(primals: tuple, tangents: tuple) -> tuple:
    must = "be None for a gradient in float32, where that of singular values is wrong"
    cure = 'Set jax.config.update("jax_enable_x64", True), or use simulators.tensorcircuit() without a bond.'
    checks.require(False, "bond", must, "a number", cure)
    return primals, tangents


def _add(network: Any, instruction: Instruction, angle: jax.Array | None) -> None:
    """Adds a gate to a circuit of TensorCircuit, by the method of the gate's name or else by its matrix."""
    name = str(instruction.name)
    method = GATES[name].tensorcircuit
    if method is None:
        network.any(*instruction.qubits, unitary=matrix(name, angle))
    else:
        getattr(network, method)(*instruction.qubits, **({} if angle is None else {"theta": angle}))


def _check(
    circuit: Circuit,
    theta: jax.Array,
    states: jax.Array,
    x: jax.Array | None,
    measured: Sequence[int],
    noise: NoiseModel | None,
    bond: int | None,
) -> None:
    statevector.check_shapes(circuit, theta, states, x)
    if noise is None:
        memory.check_states(circuit.qubits, len(states))
        return
    cure = "Use simulators.tensorcircuit() without a bond, whose density matrices hold mixed states."
    checks.require(bond is None, "bond", "be None under noise: matrix product states are pure", bond, cure)
    check(noise, circuit)
    memory.check_vectors(circuit.qubits, 2 * len(states), circuit.layers)
