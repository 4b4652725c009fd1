"""The circuit that the PennyLane peers share."""

from collections.abc import Callable
from typing import Any

import pennylane as qml

from benchmarks.work import Work


def circuit(work: Work, ansatz: Callable[[Any], None]) -> Callable[[Any, Any], list[Any]]:
    """Returns the quantum function of inputs [B, D] and theta: their embedding, an ansatz, <Z> of every qubit.

    Args:
        work: The work.
        ansatz: A quantum function of theta.
    """

    def measured(inputs: Any, theta: Any) -> list[Any]:
        if work.encoding == "amplitude":
            qml.AmplitudeEmbedding(inputs, wires=range(work.qubits), normalize=True)
            ansatz(theta)
        else:
            rounds = [theta] if work.encoding == "angle" else [theta[k : k + 1] for k in range(work.layers)]
            for angles in rounds:
                qml.AngleEmbedding(inputs, wires=range(work.qubits), rotation="Y")
                ansatz(angles)
        return [qml.expval(qml.Z(qubit)) for qubit in range(work.qubits)]

    return measured


def entangling(work: Work) -> Callable[[Any], None]:
    """Returns PennyLane's template of the work's ansatz, whose RZ, RY, RZ is one gate, a function of [L, Q, 3]."""

    def ansatz(theta: Any) -> None:
        qml.StronglyEntanglingLayers(theta, wires=range(work.qubits), ranges=[1] * len(theta))

    return ansatz
