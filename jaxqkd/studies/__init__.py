"""Studies: grids of runs that survive crashes, and their results. They know nothing of qubits."""

from jaxqkd import statistics
from jaxqkd.studies.results import load
from jaxqkd.studies.runner import missing, run
from jaxqkd.studies.study import Block, Study

__all__ = ["Block", "Study", "load", "missing", "run", "statistics"]
