"""Manifest: what was run, with what, and what came out."""

import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from jaxqkd.reports.labels import label, listed, settings, spaced
from jaxqkd.reports.section import Section, Table
from jaxqkd.studies import store

DRAWN_WITH = ("xarray", "matplotlib")
"""Packages that decide a report's bytes, beside those that decide the results."""


def manifest(results: xr.Dataset, sections: Sequence[Section], description: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the study's description, its times, devices and versions, and the facts of its sections."""
    return {
        "study": results.attrs["study"],
        "id": results.attrs["id"],
        "description": dict(description),
        "seed_data_sha256": results.attrs["seed_data_sha256"],
        **{name: float(results[name].sum()) for name in ("compile_seconds", "seconds")},
        **{name: value for section in sections for name, value in section.facts.items()},
        "devices": results.attrs["devices"],
        "platform": platform.platform(),
        "versions": store.versions() | {name: importlib.metadata.version(name) for name in DRAWN_WITH},
    }


def appendix(results: xr.Dataset, facts: Mapping[str, Any], command: str) -> list[Section]:
    """Returns what a page ends with: the set-up, the manifest, and the command that draws it again, if any."""
    return [
        _setup(results, facts),
        Section("Manifest", listing=json.dumps(facts, indent=2, default=str)),
        *(
            [Section("Every figure again", "This command draws them from the same results.", listing=command)]
            if command
            else []
        ),
    ]


def _setup(results: xr.Dataset, facts: Mapping[str, Any]) -> Section:
    """Returns the results' dimensions, and those of the facts that are known."""
    scores, description = results[results.attrs["score"]], facts.get("description", {})
    base = f", drawn from base {description['base']}" if "base" in description else ""
    known = {
        "students": scores.student.values.tolist(),
        **{spaced(name): scores[name].values.tolist() for name in settings(scores)},
        "seeds": f"{scores.sizes['seed']}{base}",
        **{f"option {spaced(name)}": value for name, value in description.get("options", {}).items()},
        "score": label(scores),
        "devices": facts.get("devices"),
        "platform": facts.get("platform"),
        "versions": facts.get("versions"),
        "SHA-256 of the data": description.get("data"),
        "SHA-256 of the seeds' data": facts.get("seed_data_sha256"),
        "SHA-256 of the description": facts.get("id"),
    }
    rows = [(name, listed(value)) for name, value in known.items() if value is not None]
    return Section("What was run, and with what", table=Table(("what", "value"), rows))
