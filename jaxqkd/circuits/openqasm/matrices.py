"""Unitary matrices as operations, up to a global phase."""

import numpy as np

from jaxqkd.circuits.openqasm.operations import Operation
from jaxqkd.circuits.openqasm.preparation import NEGLIGIBLE, multiplexed
from jaxqkd.circuits.unitaries import Multiplexed, OneQubit, decomposed, euler


def of_matrix(matrix: np.ndarray, qubits: tuple[int, ...]) -> list[Operation]:
    """Returns the operations of a unitary matrix [2^k, 2^k] on k qubits, up to a global phase."""
    return [operation for factor in decomposed(matrix, qubits) for operation in _of_factor(factor)]


def _of_factor(factor: OneQubit | Multiplexed) -> list[Operation]:
    if isinstance(factor, OneQubit):
        names = zip(("rz", "ry", "rz"), euler(factor.matrix), strict=True)
        return [Operation(name, (factor.qubit,), angle) for name, angle in names if abs(angle) >= NEGLIGIBLE]
    places = *factor.selectors, factor.qubit
    listed = multiplexed(factor.name, factor.angles, len(factor.selectors))
    return [one._replace(qubits=tuple(places[place] for place in one.qubits)) for one in listed]
