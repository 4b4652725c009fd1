"""A model as plain data, and back: a circuit becomes a list of gates, an encoding its name and options."""

import dataclasses
import functools
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from jaxqkd import checks
from jaxqkd.circuits import Circuit, Gate
from jaxqkd.models import MLP, Linear, QuantumStudent
from jaxqkd.quantum import encodings

MODELS: Mapping[str, Any] = {model.__name__: model for model in (QuantumStudent, MLP, Linear)}
"""The kinds of models that can be saved, by name."""
KEPT = ("circuit", "encoding", "classes", "features", "measured", "head", "input_width")
"""Attributes of a model that are saved."""
LEFT_OUT = ("initializer", "taps", "dropout", "parent", "name")
"""Attributes of a model that are not saved, since only training needs them."""


def known_encodings() -> dict[str, Callable[..., Any]]:
    """Returns the encodings of this package, by name."""
    own = inspect.getmembers(encodings, inspect.isfunction)
    return {name: one for name, one in own if one.__module__ == encodings.__name__ and not name.startswith("_")}


def described(model: Any) -> dict[str, Any]:
    """Returns a model as JSON holds it; refuses one that another process could not rebuild."""
    kind = type(model).__name__
    cure = "Save the parameters of other models with numpy.savez."
    checks.require(MODELS.get(kind) is type(model), "student", f"be a {', '.join(MODELS)}", f"a {kind}", cure)
    converters: Mapping[str, Callable[[Any], Any]] = {"circuit": _circuit, "encoding": _named}
    description: dict[str, Any] = {"kind": kind}
    for field in dataclasses.fields(model):
        value = getattr(model, field.name)
        if field.name in KEPT:
            description[field.name] = converters.get(field.name, lambda plain: plain)(value)
        elif field.name not in LEFT_OUT:
            cure = f"Save student.clone({field.name}={field.default!r}), which has the same parameters."
            checks.require(value == field.default, "student", f"have no {field.name}", f"one with {value!r}", cure)
    return json.loads(json.dumps(description))


def _circuit(circuit: Circuit) -> dict[str, Any]:
    """Returns a circuit as a dict, with gates as lists without the defaults that end them."""
    listed = {part: [_gate(gate) for gate in getattr(circuit, part)] for part in ("gates", "prefix")}
    sizes = {name: getattr(circuit, name) for name in ("qubits", "layers", "scale")}
    return sizes | listed


def _gate(gate: Gate) -> list[Any]:
    """Returns a gate as a list: four values, as in older files, and the others up to the last that is set."""
    values: list[Any] = list(gate)
    if gate.matrix is not None:
        values[-1] = [[[entry.real, entry.imag] for entry in row] for row in gate.matrix]
    defaults = Gate("", ())
    while len(values) > 4 and values[-1] == defaults[len(values) - 1]:
        values.pop()
    return values


def _gate_of(name: str, qubits: Any, theta: Any, x: Any, *others: Any) -> Gate:
    """Returns the gate of a description."""
    gate = Gate(name, qubits, theta, x, *others)
    if gate.matrix is None:
        return gate
    pairs: Any = gate.matrix
    return gate._replace(matrix=tuple(tuple(complex(*pair) for pair in row) for row in pairs))


def _named(encoding: Any) -> dict[str, Any]:
    """Returns an encoding's name and options."""
    partial = isinstance(encoding, functools.partial)
    inner, options = (encoding.func, encoding.keywords) if partial else (encoding, {})
    name = getattr(inner, "__name__", repr(inner))
    known = known_encodings()
    cure = "Use one of these, or functools.partial of it with options by name."
    valid = known.get(name) is inner and not (partial and encoding.args)
    checks.require(valid, "student.encoding", f"be one of {', '.join(known)}", f"{name!r}", cure)
    plain = all(isinstance(value, str | int | float | bool | None) for value in options.values())
    checks.require(plain, "student.encoding", "have plain options", dict(options), "Give numbers and names.")
    return {"name": name, "options": dict(options)}


def model_of(description: Mapping[str, Any]) -> Any:
    """Returns the model of a description; refuses names that this package does not have."""
    fields = dict(description)
    kind = fields.pop("kind")
    checks.one_of("kind", kind, tuple(MODELS))
    if "circuit" in fields:
        circuit = fields["circuit"]
        gates = {part: tuple(_gate_of(*gate) for gate in circuit[part]) for part in ("gates", "prefix")}
        fields["circuit"] = Circuit(**{**circuit, **gates})
    if "encoding" in fields:
        known, name, options = known_encodings(), fields["encoding"]["name"], fields["encoding"]["options"]
        checks.one_of("encoding", name, tuple(known))
        fields["encoding"] = functools.partial(known[name], **options) if options else known[name]
    return MODELS[kind](**fields)
