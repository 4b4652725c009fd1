"""Wording: what the reports of several experiments say alike."""

import xarray as xr

TEACHERS = {"the teachers": "teacher_f1"}
"""The variable that macro F1 is read against, by its name in words; see `jaxqkd.reports.assemble`."""


def teachers(results: xr.Dataset) -> str:
    """Returns how good the teachers are."""
    f1 = results.teacher_f1
    return f"Teachers: macro F1 {float(f1.mean()):.3f} on average, {float(f1.min()):.3f} at least."
