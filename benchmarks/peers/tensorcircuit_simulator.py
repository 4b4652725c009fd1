"""jaxqkd's own student and training, with the student simulated by TensorCircuit instead of fused kernels."""

import jaxqkd as jq
from benchmarks import ours
from benchmarks.work import Implementation, Work


def implementation(work: Work) -> Implementation:
    """Returns jaxqkd's implementation of the work with `simulator=tensorcircuit()`."""
    student = ours.student(work).clone(simulator=jq.simulators.tensorcircuit())
    return ours.training(student, ours.data(work), work)
