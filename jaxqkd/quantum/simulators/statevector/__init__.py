"""The state vector: circuits lowered to few fused products, through which batches of states are carried."""

from jaxqkd.quantum.simulators.statevector.simulator import (
    check_shapes,
    evolve,
    expectations,
    explain,
    final_states,
    unitary,
)

__all__ = ["check_shapes", "evolve", "expectations", "explain", "final_states", "unitary"]
