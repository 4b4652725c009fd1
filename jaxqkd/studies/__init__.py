"""Grids of runs: their statistics, their files, their figures. Knows nothing of qubits."""
