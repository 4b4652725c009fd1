"""The Pauli basis, in the Heisenberg picture: exact expectation values under noise."""

from jaxqkd.quantum.simulators.pauli.simulator import expectations, explain, parities

__all__ = ["expectations", "explain", "parities"]
