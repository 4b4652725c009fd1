"""Circuits from elsewhere: their parameters become trained angles and features, and their gates a circuit."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.folding import folded
from jaxqkd.circuits.gates import Gate
from jaxqkd.circuits.polynomials import Monomial
from jaxqkd.circuits.standard import Step

TRAINED = ("theta", "θ", "weights")
FEATURES = ("x", "inputs")
"""Names that need not be said, as those of `TRAINED`: those of Qiskit's library and of PennyLane's layers."""

CURE = "jaxqkd.models.FunctionStudent takes any function of angles and features."


class Imported(NamedTuple):
    """A circuit from elsewhere.

    Attributes:
        circuit: The circuit.
        theta: The values [L, P] of its trained angles, or None where they have none.
        names: The names of the trained angles, in the layout [L][P] of theta.
        features: The names of the features, in the order of x.
        measured: The qubits that are measured at the end, or None where the source does not say.
        encoding: The name of the encoding in `jaxqkd.quantum.encodings` that stands before the circuit.
    """

    circuit: Circuit
    theta: np.ndarray | None
    names: tuple[tuple[str, ...], ...]
    features: tuple[str, ...] = ()
    measured: tuple[int, ...] | None = None
    encoding: str = "zero"

    def assigned(self, values: Mapping[str, Any]) -> np.ndarray:
        """Returns trained angles [L, P] from values by name, each a number, or an array for `name[i, j]`.

        Raises:
            ValueError: If the value of an angle is missing.
        """
        flat = _by_name(values)
        listed = [name for layer in self.names for name in layer]
        missing = [name for name in listed if name not in flat]
        checks.require(not missing, "values", f"hold {', '.join(listed[:3])} ...", f"without {missing[:3]}")
        return np.array([flat[name] for name in listed], float).reshape(self.circuit.shape)


class Source(NamedTuple):
    """What a reader finds in a circuit.

    Attributes:
        argument: The reader's argument, which errors name.
        qubits: Number of qubits.
        steps: The gates.
        parameters: The names of all parameters, in order.
        measured: The measured qubits, or None.
        values: Values of parameters by name.
        encoding: The name of the encoding before the gates.
    """

    argument: str
    qubits: int
    steps: Sequence[Step]
    parameters: Sequence[str] = ()
    measured: tuple[int, ...] | None = None
    values: Mapping[str, float] = {}
    encoding: str = "zero"


def assemble(
    source: Source,
    *,
    trained: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    layers: int | None = None,
) -> Imported:
    """Returns what a reader found as a circuit.

    Args:
        source: What it found.
        trained: Names of the trained parameters: whole ones, or those of a vector, "a" for a[0], a_0, a0 ...
        features: Names of the parameters that are features, likewise.
        layers: Number of layers, or None to find them.

    Raises:
        ValueError: On a parameter that is neither or both, or an angle that is not a linear function of trained
            angles plus a polynomial of features.
    """
    checks.require(source.qubits > 0, source.argument, "have at least one qubit", "without any")
    if layers is not None:
        checks.integer("layers", layers)
    roles = _roles(source, trained, features)
    used = {name for step in source.steps if step.angle for names in step.angle.products for name in names}
    angles = [name for name in roles["trained"] if name in used]
    trained_at = {name: index for index, name in enumerate(angles)}
    feature_at = {name: index for index, name in enumerate(roles["features"])}
    gates = [gate for step in source.steps for gate in _gates(step, trained_at, feature_at, source.argument)]
    circuit, order = folded(source.qubits, gates, layers=layers)
    rows = order.reshape(circuit.shape)
    names = tuple(tuple(angles[index] for index in layer) for layer in rows)
    theta = None
    if all(name in source.values for name in angles):
        bound = [source.values[name] for layer in names for name in layer]
        theta = np.array(bound, float).reshape(circuit.shape)
    return Imported(circuit, theta, names, tuple(roles["features"]), source.measured, source.encoding)


def expanded(name: str, value: Any) -> dict[str, float]:
    """Returns the numbers of an array by their names: name[0, 1] and so on, or the name alone for one number."""
    array = np.asarray(value, float)
    if array.ndim == 0:
        return {name: float(array)}
    return {f"{name}[{','.join(map(str, at))}]": float(array[at]) for at in np.ndindex(array.shape)}


def natural(name: str) -> list[Any]:
    """Returns the key that sorts names by the numbers in them: a2 before a10."""
    return [(not part.isdigit(), int(part) if part.isdigit() else part) for part in re.split(r"(\d+)", name)]


def _by_name(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: number for group, value in values.items() for name, number in expanded(group, value).items()}


def _roles(source: Source, trained: Any, features: Any) -> dict[str, list[str]]:
    """Returns the names of trained angles and of features, in order."""
    groups = {"trained": _listed("trained", trained, TRAINED), "features": _listed("features", features, FEATURES)}
    given = {"trained": trained is not None, "features": features is not None}
    found: dict[str, list[str]] = {"trained": [], "features": []}
    for role, names in groups.items():
        for group in names:
            own = [name for name in source.parameters if group in (name, _base(name))]
            spare = not given[role] or own
            listed = ", ".join(source.parameters[:8])
            checks.require(bool(spare), role, f"name parameters of the circuit ({listed})", repr(group))
            found[role] += [name for name in own if name not in found[role]]
    both = [name for name in found["trained"] if name in found["features"]]
    checks.require(not both, "trained, features", "name each parameter once", f"both with {both}")
    for name in source.parameters:
        if name not in found["trained"] and name not in found["features"]:
            cure = f'Say which it is: trained=("{_base(name)}",) or features=("{_base(name)}",).'
            must = "have parameters that are trained or features"
            raise checks.error(source.argument, must, f"one with {name!r}, which is neither", cure)
    in_order = [name for name in source.parameters if name in set(found["trained"])]
    return {"trained": in_order, "features": found["features"]}


def _listed(argument: str, names: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    if names is None:
        return default
    good = isinstance(names, Iterable) and not isinstance(names, str)
    checks.require(good, argument, "be a tuple of names", repr(names), f'Write {argument}=("{names}",).')
    return tuple(map(str, names))


def _base(name: str) -> str:
    """Returns the name of the vector that a parameter is an entry of: x of x[0], x_0, x0 and _x_0_."""
    found = re.fullmatch(r"_?(.+?)(\[[\d,\s]*\]|_?\d+_?|(_\d+)+)", name)
    return found[1] if found else name


def _gates(step: Step, trained: Mapping[str, int], features: Mapping[str, int], argument: str) -> list[Gate]:
    """Returns a step as gates: a sum of angles as rotations about the same axis, one after the other."""
    if step.matrix is not None:
        return [Gate("unitary", step.qubits, matrix=step.matrix)]
    if step.angle is None:
        return [Gate(step.name, step.qubits)]
    gates: list[Gate] = []
    for names, factor in step.angle.products.items():
        where = _where(step, names, trained, features, argument)
        gates.append(Gate(step.name, step.qubits, factor=factor, **where))
    if not gates:
        return [Gate(step.name, step.qubits, offset=step.angle.offset)]
    return [gates[0]._replace(offset=step.angle.offset), *gates[1:]]


def _where(step: Step, names: Monomial, trained: Any, features: Any, argument: str) -> dict[str, Any]:
    """Returns the trained angle or the features of a product of parameters."""
    if len(names) == 1 and names[0] in trained:
        return {"theta": trained[names[0]]}
    mixed = [name for name in names if name in trained]
    if mixed:
        must = "have angles that are linear in its trained parameters"
        raise checks.error(argument, must, f"one with {' * '.join(names)} in {step.source}", CURE)
    indices = tuple(sorted(features[name] for name in names))
    return {"x": indices[0] if len(indices) == 1 else indices}
