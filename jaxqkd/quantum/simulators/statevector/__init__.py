"""The state vector: circuits lowered to few fused products, and batches of states carried through them."""

from jaxqkd.quantum.simulators.statevector.simulator import (
    check_shapes,
    evolve,
    expectations,
    final_states,
    unitary,
)

__all__ = ["check_shapes", "evolve", "expectations", "final_states", "unitary"]
