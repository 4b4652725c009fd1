"""PennyLane's default.qubit as a TorchLayer: a batch at once, gradients by backpropagation in PyTorch.

The ansatz is `StronglyEntanglingLayers`, whose one rotation a qubit runs faster than RZ, RY, RZ by themselves.
"""

import pennylane as qml

from benchmarks.peers import pennylane_parts, support, torch_training
from benchmarks.work import Implementation, Work


def implementation(work: Work) -> Implementation:
    """Returns the implementation of the work with PennyLane and PyTorch."""
    support.check(work, encodings=("amplitude", "angle"))
    circuit = pennylane_parts.circuit(work, pennylane_parts.entangling(work))
    device = qml.device("default.qubit", wires=work.qubits)
    node = qml.QNode(circuit, device, interface="torch", diff_method="backprop")
    layer = qml.qnn.TorchLayer(node, {"theta": (work.layers, work.qubits, 3)})
    return torch_training.implementation(layer, work)
