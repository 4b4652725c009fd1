"""Does a student that was trained for one device survive on another, and does distillation help it?

On wine, a student is trained without noise and under the calibrated noise of each of five devices, without and
with a classical teacher, from the same initializations; then it is judged on all of them, on each device's best
qubits. A calibration's noise is a best case of its device. Nothing is selected, so all differences may be tested
as they stand.
"""

from jaxqkd.experiments.named_devices.setup import NAME, VERSION, Options
from jaxqkd.experiments.named_devices.training import run, seed_data, study
from jaxqkd.experiments.registry import Experiment

EXPERIMENT = Experiment(
    NAME,
    VERSION,
    description=__doc__,
    source="",
    cost="half an hour on two cores",
    options=Options,
    study=study,
)

__all__ = ["EXPERIMENT", "Options", "run", "seed_data", "study"]
