"""The Pauli basis, in the Heisenberg picture: exact expectation values under noise."""

from jaxqkd.quantum.simulators.pauli.simulator import expectations, explain, of_observables, outcomes

__all__ = ["expectations", "explain", "of_observables", "outcomes"]
