"""The Pauli basis, in the Heisenberg picture: exact expectation values under noise."""

from jaxqkd.quantum.simulators.pauli.simulator import (
    backwards,
    expectations,
    explain,
    of_observables,
    outcomes,
    values,
)

__all__ = ["backwards", "expectations", "explain", "of_observables", "outcomes", "values"]
