"""States of qubits: encodings, initializers, noise, the simulators that run circuits, and mitigation of errors."""

from jaxqkd.quantum import encodings, initializers, mitigation, noise, simulators
from jaxqkd.quantum.noise import NoiseModel, channels

__all__ = ["NoiseModel", "channels", "encodings", "initializers", "mitigation", "noise", "simulators"]
