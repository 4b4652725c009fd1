"""Experiments: studies that ship, each with its set-up, its published claims and its presentation."""
