"""Students on a named device: compiled for its best qubits, and under the noise of its calibration."""

import functools
import warnings
from collections.abc import Mapping
from typing import Any

from jaxqkd import checks, devices
from jaxqkd.circuits import Circuit
from jaxqkd.models import QuantumStudent
from jaxqkd.models.wrappers import Frozen
from jaxqkd.types import Model


def calibration(name: str) -> dict[str, str]:
    """Returns the name of a device and the date of its calibration, as a study's options hold them."""
    return {"name": name, "date": devices.load(name).date}


def placed(models: Mapping[str, Model], device: Mapping[str, str] | None) -> dict[str, Model]:
    """Returns the models by name, those with a circuit on the device: all on the best qubits of the first of them.

    Args:
        models: The student first, then its controls.
        device: What `calibration` returns, or None for the models as they are.

    Raises:
        ValueError: If the calibration at hand is of another date, or the device cannot hold the student.
    """
    first = next(iter(models.values()))
    if device is None:
        return dict(models)
    assert isinstance(first, QuantumStudent)
    return {
        name: _on_device(model, first.circuit, device["name"], device["date"]) for name, model in models.items()
    }


def saved(model: Model) -> Model:
    """Returns the model without noise, as it is saved: new rows are scored without it."""
    return model.clone(noise=None) if isinstance(model, QuantumStudent) else model


def _on_device(model: Any, chief: Circuit, name: str, date: str) -> Any:
    if isinstance(model, Frozen):
        return Frozen(_on_device(model.model, chief, name, date))
    if not isinstance(model, QuantumStudent):
        return model
    compiled, noise = _compiled(model.circuit, chief, name, date)
    return compiled.student(model).clone(noise=noise)


@functools.cache
def _compiled(circuit: Circuit, chief: Circuit, name: str, date: str) -> tuple[devices.Compiled, Any]:
    device = devices.load(name)
    cure = "Install the version of qiskit-ibm-runtime that the study began with, or begin a new one."
    checks.require(device.date == date, "device", f"have the calibration of {date}", repr(device), cure)
    compiled = device.compile(circuit, layout=device.layout(chief))
    with warnings.catch_warnings():
        if circuit != chief:
            warnings.simplefilter("ignore", UserWarning)  # which the student has given
        return compiled, device.noise(compiled)
