"""DeepQuantum's QubitCircuit, whose gates hold the trained angles, on a batch of states; gradients by PyTorch.

Amplitudes are the circuit's batch of initial states; angles are data of encoding gates, over which it vmaps.
"""

import deepquantum as dq
import torch

from benchmarks.peers import support, torch_training
from benchmarks.work import Implementation, Work


class Measured(torch.nn.Module):
    """The work's circuit, as a module of features [B, D] that returns <Z> of every qubit [B, Q].

    Attributes:
        work: The work.
    """

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work
        self.circuit = dq.QubitCircuit(work.qubits)
        if work.encoding == "angle":
            self.circuit.rylayer(encode=True)
        for _ in range(work.layers):
            for qubit in range(work.qubits):
                self.circuit.rz(qubit)
                self.circuit.ry(qubit)
                self.circuit.rz(qubit)
            self.circuit.cnot_ring()
        for qubit in range(work.qubits):
            self.circuit.observable(qubit)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns <Z> of every qubit [B, Q] of features x [B, D]."""
        if self.work.encoding == "amplitude":
            self.circuit(state=self.circuit.amplitude_encoding(x))
        else:
            self.circuit(data=x)
        return self.circuit.expectation()


def implementation(work: Work) -> Implementation:
    """Returns DeepQuantum's implementation of the work."""
    support.check(work, encodings=("amplitude", "angle"))
    return torch_training.implementation(Measured(work), work)
