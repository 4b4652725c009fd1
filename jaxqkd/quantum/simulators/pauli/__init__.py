"""The Pauli basis, in the Heisenberg picture: exact expectation values under noise."""

from jaxqkd.quantum.simulators.pauli.simulator import Estimator, expectations, parities

__all__ = ["Estimator", "expectations", "parities"]
