"""Studies: grids of runs that survive crashes, and their results. They know nothing of qubits."""

from jaxqkd import statistics
from jaxqkd.studies.results import complete_seeds, load
from jaxqkd.studies.runner import missing, run
from jaxqkd.studies.study import Block, Study

__all__ = ["Block", "Study", "complete_seeds", "load", "missing", "run", "statistics"]
