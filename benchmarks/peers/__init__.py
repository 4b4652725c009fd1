"""Peers that jaxqkd is timed against: the modules in `NAMES`, each with a function `implementation(work)`.

The rest of this folder is what several peers share: `support`, `jax_training`, `torch_training`,
`tensorcircuit_parts` and `pennylane_parts`. The peer `tensorcircuit_simulator` is jaxqkd by another of its
simulators, and `pennylane_imported` jaxqkd with PennyLane's circuit. A peer imports its framework at the top, so
that the import of a peer whose framework is not installed raises ModuleNotFoundError.
"""

NAMES = {
    "tensorcircuit_plain": "TensorCircuit (JAX)",
    "tensorcircuit_contracted": "TensorCircuit (JAX), contracted",
    "tensorcircuit_simulator": "jaxqkd, simulator=tensorcircuit()",
    "tensorcircuit_density": "TensorCircuit DMCircuit (JAX)",
    "pennylane_imported": "jaxqkd, its circuit from PennyLane",
    "pennylane_jax": "PennyLane default.qubit (JAX)",
    "pennylane_torch": "PennyLane default.qubit (PyTorch)",
    "pennylane_lightning": "PennyLane lightning.qubit (PyTorch)",
    "deepquantum_torch": "DeepQuantum (PyTorch)",
}
"""What the report calls each peer, by module."""
