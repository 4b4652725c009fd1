"""Simulators: how a circuit's expectation values are found, exactly or sampled, with noise or without."""

from jaxqkd.quantum.simulators import pauli, shots, statevector, trajectories

__all__ = ["pauli", "shots", "statevector", "trajectories"]
