"""PennyLane's lightning.qubit as a TorchLayer, gradients by adjoint differentiation, one example at a time.

The layer takes a batch, and the device splits that into a circuit an example: faster than a call an example. RZ,
RY and RZ are gates by themselves, since adjoint differentiation would first decompose a rotation into them.
"""

from typing import Any

import numpy as np
import pennylane as qml

from benchmarks.peers import pennylane_parts, support, torch_training
from benchmarks.work import Implementation, Work


def implementation(work: Work) -> Implementation:
    """Returns the implementation of the work with PennyLane's lightning.qubit and PyTorch."""
    support.check(work, encodings=("amplitude", "angle"))

    def ansatz(theta: Any) -> None:
        for angles in theta:
            for qubit in range(work.qubits):
                qml.RZ(angles[3 * qubit], qubit)
                qml.RY(angles[3 * qubit + 1], qubit)
                qml.RZ(angles[3 * qubit + 2], qubit)
            for qubit in range(work.qubits):
                qml.CNOT([qubit, (qubit + 1) % work.qubits])

    device = qml.device("lightning.qubit", wires=work.qubits, c_dtype=np.complex64)
    node = qml.QNode(pennylane_parts.circuit(work, ansatz), device, interface="torch", diff_method="adjoint")
    layer = qml.qnn.TorchLayer(node, {"theta": (work.layers, 3 * work.qubits)})
    return torch_training.implementation(layer, work)
