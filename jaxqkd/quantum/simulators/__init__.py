"""Simulators: how what is read of the measured qubits is computed, exactly or sampled, with noise or without.

All have one signature, `Simulator.expectations`, and a student takes any of them:
`QuantumStudent(circuit, classes, simulator=simulators.shots(1000))`. `explain(student)` says what runs.
"""

from jaxqkd.quantum.simulators import pauli, statevector
from jaxqkd.quantum.simulators.kernels import EXACT, Exact
from jaxqkd.quantum.simulators.monte_carlo import Trajectories
from jaxqkd.quantum.simulators.sampling import Shots
from jaxqkd.quantum.simulators.simulator import STREAM, Simulator, explain
from jaxqkd.quantum.simulators.tensor_network import TensorCircuit


def exact() -> Exact:
    """Returns the simulator of exact values, the default of students.

    Without noise, fused kernels simulate the state vector where every gate of the circuit has one, and else
    TensorCircuit does. Under noise, observables are carried through gates and channels in the Pauli basis, as
    vectors of 4^Q numbers.
    """
    return EXACT


def shots(count: int) -> Shots:
    """Returns the simulator of a finite number of measurements of each example.

    Outcomes are drawn from the exact joint distribution of the measured qubits. Pauli strings that commute qubit
    by qubit share a measurement, and each measurement takes `count` shots. The gradient is that of the exact
    values, straight through: a device would estimate it from shots, too, but here it has no shot noise. The
    student needs a key: `student.apply(params, x, rngs={"shots": key})`.

    Args:
        count: Number of shots of each measurement, at least 1.
    """
    return Shots(count)


def trajectories(count: int) -> Trajectories:
    """Returns the simulator of noise by random choices on pure states, for circuits too large for exact noise.

    Values are means over the trajectories. The gradient is that of the trajectories as drawn: unbiased for
    channels of random Pauli strings, but not for relaxation and measurement, whose probabilities depend on the
    state. The student needs a key: `student.apply(params, x, rngs={"shots": key})`.

    Args:
        count: Number of trajectories of each example, at least 1.
    """
    return Trajectories(count)


def tensorcircuit(bond: int | None = None) -> TensorCircuit:
    """Returns the simulator that leaves whole circuits to TensorCircuit, on its JAX backend.

    It simulates state vectors, and density matrices under noise: the reference that the other simulators equal.

    Args:
        bond: The largest bond dimension of matrix product states, which then approximate the state vectors; None
            for no such approximation. They allow no noise, and gradients in float64 alone: TensorCircuit's
            gradient of singular values is wrong in float32, and relies on JAX's default rank promotion.
    """
    return TensorCircuit(bond)


__all__ = [
    "STREAM",
    "Exact",
    "Shots",
    "Simulator",
    "TensorCircuit",
    "Trajectories",
    "exact",
    "explain",
    "pauli",
    "shots",
    "statevector",
    "tensorcircuit",
    "trajectories",
]
