"""A model as plain data, and back: a circuit is gates by name, an encoding the name of one that ships."""

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
"""What can be saved, by name."""
KEPT = ("circuit", "encoding", "classes", "features", "measured", "head", "input_width")
"""Attributes of a model that make it what it is."""
LEFT_OUT = ("initializer", "taps", "dropout", "parent", "name")
"""Attributes of a model that a saved one does without: they matter in training alone."""


def known_encodings() -> dict[str, Callable[..., Any]]:
    """Returns the encodings that ship, by name."""
    own = inspect.getmembers(encodings, inspect.isfunction)
    return {name: one for name, one in own if one.__module__ == encodings.__name__ and not name.startswith("_")}


def described(model: Any) -> dict[str, Any]:
    """Returns a model as JSON holds it; refuses what another process could not make again."""
    kind = type(model).__name__
    cure = "Save the parameters of another model by numpy.savez."
    checks.require(MODELS.get(kind) is type(model), "student", f"be a {', '.join(MODELS)}", f"a {kind}", cure)
    ways: Mapping[str, Callable[[Any], Any]] = {"circuit": dataclasses.asdict, "encoding": _named}
    told: dict[str, Any] = {"kind": kind}
    for field in dataclasses.fields(model):
        value = getattr(model, field.name)
        if field.name in KEPT:
            told[field.name] = ways.get(field.name, lambda plain: plain)(value)
        elif field.name not in LEFT_OUT:
            cure = f"Save student.clone({field.name}={field.default!r}), which has the same parameters."
            checks.require(value == field.default, "student", f"have no {field.name}", f"one with {value!r}", cure)
    return json.loads(json.dumps(told))


def _named(encoding: Any) -> dict[str, Any]:
    """Returns an encoding's name and options."""
    partial = isinstance(encoding, functools.partial)
    inner, options = (encoding.func, encoding.keywords) if partial else (encoding, {})
    name = getattr(inner, "__name__", repr(inner))
    known = known_encodings()
    cure = "Only encodings that ship can be read again; or functools.partial of one, with options by name."
    good = known.get(name) is inner and not (partial and encoding.args)
    checks.require(good, "student.encoding", f"be one of {', '.join(known)}", f"{name!r}", cure)
    plain = all(isinstance(value, str | int | float | bool | None) for value in options.values())
    checks.require(plain, "student.encoding", "have plain options", dict(options), "Give numbers and names.")
    return {"name": name, "options": dict(options)}


def model_of(told: Mapping[str, Any]) -> Any:
    """Returns the model that was described; refuses names that do not ship."""
    fields = dict(told)
    kind = fields.pop("kind")
    checks.one_of("kind", kind, tuple(MODELS))
    if "circuit" in fields:
        circuit = fields["circuit"]
        gates = {part: tuple(Gate(*gate) for gate in circuit[part]) for part in ("gates", "prefix")}
        fields["circuit"] = Circuit(**{**circuit, **gates})
    if "encoding" in fields:
        known, name, options = known_encodings(), fields["encoding"]["name"], fields["encoding"]["options"]
        checks.one_of("encoding", name, tuple(known))
        fields["encoding"] = functools.partial(known[name], **options) if options else known[name]
    return MODELS[kind](**fields)
