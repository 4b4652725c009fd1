"""Experiments: studies that ship. Each folder here is one; `registry` finds them, and they share `teaching`."""
