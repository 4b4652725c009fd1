"""States of qubits: encodings, initializers, noise, readouts, the simulators that run circuits, and mitigation."""

from jaxqkd.quantum import encodings, initializers, mitigation, noise, readouts, simulators
from jaxqkd.quantum.noise import NoiseModel, channels

__all__ = ["NoiseModel", "channels", "encodings", "initializers", "mitigation", "noise", "readouts", "simulators"]
