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
from jaxqkd.circuits import Circuit, check_measured, resolved
from jaxqkd.circuits.tensorcircuit import add_gate
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
        read = check_measured(measured, circuit.qubits)
        self._check_noise(circuit, len(states), noise, read)
        statevector.check_shapes(circuit, theta, states, x)
        circuit, theta, x = resolved(circuit, theta, x)

        def of_one(tc: ModuleType, final: jax.Array) -> jax.Array:
            network = _network(tc, circuit.qubits, final, is_mixed=noise is not None)
            return jnp.stack([network.expectation_ps(z=[qubit]).real for qubit in read])

        instructions = schedule(circuit, NoiseModel() if noise is None else noise, read)
        z = self._map(of_one, circuit, instructions, theta, states, x, is_mixed=noise is not None)
        return z if noise is None else operators.as_read(z, noise, read)

    def final_states(
        self, circuit: Circuit, theta: jax.Array, states: jax.Array, *, x: jax.Array | None = None
    ) -> jax.Array:
        """Returns the pure states [B, 2^Q] after the circuit."""
        statevector.check_shapes(circuit, theta, states, x)
        circuit, theta, x = resolved(circuit, theta, x)
        instructions = schedule(circuit, NoiseModel(), ())
        return self._map(lambda _, final: final, circuit, instructions, theta, states, x, is_mixed=False)

    def explain(self, circuit: Circuit, *, noise: NoiseModel | None = None) -> str:
        """Returns in plain words how the circuit is simulated."""
        kind = f"a state vector of 2^{circuit.qubits} amplitudes"
        if self.bond is not None:
            kind = f"a matrix product state of bond dimension {self.bond} at most"
        if noise is not None:
            kind = f"a density matrix of 4^{circuit.qubits} numbers"
        return f"TensorCircuit simulates {kind} for each example, on its JAX backend."

    def _check_noise(
        self, circuit: Circuit, batch: int, noise: NoiseModel | None, measured: Sequence[int]
    ) -> None:
        """Refuses noise that does not fit, on matrix product states, or for which there is no memory."""
        if noise is None:
            return
        cure = "Use simulators.tensorcircuit() without a bond, whose density matrices hold mixed states."
        must = "be None under noise: matrix product states are pure"
        checks.require(self.bond is None, "bond", must, self.bond, cure)
        check(noise, circuit)
        memory.check_vectors(circuit.qubits, 2 * batch, circuit.layers)

    def _map(
        self,
        function: Callable[[ModuleType, jax.Array], jax.Array],
        circuit: Circuit,
        instructions: Schedule,
        theta: jax.Array,
        states: jax.Array,
        x: jax.Array | None,
        *,
        is_mixed: bool,
    ) -> jax.Array:
        """Returns the function [B, ...] of each final state [2^Q], or density matrix [2^Q, 2^Q]."""
        theta = jnp.asarray(theta, jnp.result_type(theta, float))
        dtype = jnp.result_type(theta, jnp.complex64)
        x = jnp.zeros((len(states), 0), theta.dtype) if x is None else x
        with jax.default_matmul_precision("highest"), backend.on_jax(dtype.name) as tc:
            begin = functools.partial(_network, tc, circuit.qubits, is_mixed=is_mixed, bond=self.bond)

            def of_one(state: jax.Array, x: jax.Array) -> jax.Array:
                state = state.astype(dtype)
                first = jnp.outer(state, state.conj()) if is_mixed else state
                final = _evolved(begin, circuit, instructions, theta, first, x)
                return function(tc, final if self.bond is None else _normalized(final))

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
                angle = operators.angle(instruction, theta, x)
                add_gate(network, instruction.name, instruction.qubits, angle)
        return network.state().reshape(state.shape)

    def one_layer(state: jax.Array, inputs: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        return along(instructions.layer, state, *inputs), None

    never = jnp.zeros(circuit.qubits, bool)
    state = along(instructions.prefix, state, theta[0], never)
    layers = circuit.scale * theta, jnp.asarray(instructions.mid_circuit)
    state = jax.lax.scan(one_layer, state, layers)[0]
    return along(instructions.final, state, theta[0], never)


def _normalized(final: jax.Array) -> jax.Array:
    """Returns a state of norm 1, of which a truncation has cut off something; refuses its gradient in float32."""
    final = final / jnp.linalg.norm(final)
    return final if final.dtype == jnp.complex128 else _without_gradient(final)


@jax.custom_jvp
def _without_gradient(final: jax.Array) -> jax.Array:
    """Returns the same state, whose gradient is refused."""
    return final


@_without_gradient.defjvp
def _refuse_gradient(primals: tuple, tangents: tuple) -> tuple:
    must = "be None for a gradient in float32, where that of singular values is wrong"
    cure = 'Set jax.config.update("jax_enable_x64", True), or use simulators.tensorcircuit() without a bond.'
    checks.require(False, "bond", must, "a number", cure)
    return primals, tangents
