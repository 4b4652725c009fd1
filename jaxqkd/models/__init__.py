"""Models: flax linen modules and anything else with their pure pair `init` and `apply`."""

from jaxqkd.models.classical import MLP, Linear
from jaxqkd.models.function import FunctionStudent
from jaxqkd.models.imported import student_of
from jaxqkd.models.observable import ObservableStudent
from jaxqkd.models.parameters import ParameterCount, count_parameters
from jaxqkd.models.student import QuantumStudent
from jaxqkd.models.wrappers import Ensemble, FromNnx, Frozen, Projected

__all__ = [
    "MLP",
    "Ensemble",
    "FromNnx",
    "Frozen",
    "FunctionStudent",
    "Linear",
    "ObservableStudent",
    "ParameterCount",
    "Projected",
    "QuantumStudent",
    "count_parameters",
    "student_of",
]
