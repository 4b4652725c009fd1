"""The experiment as it is shown: tables of gains by student, and heat maps."""

import xarray as xr

from jaxqkd.experiments.payoff import gains
from jaxqkd.reports import plots, tables
from jaxqkd.reports.outcome import Outcome


def present(results: xr.Dataset) -> Outcome:
    """Returns the tables of gains, a part a student, their notes, and the heat maps."""
    rows = gains.gains(results)
    parts = {
        f"Student: {name}": [tables.gain_cells(row) for row in rows if row.student == name]
        for name in results.student.values
    }
    title = "Where distillation pays: mean gain of macro F1 over training without a teacher"
    figure = plots.gain_heat_map(gains.gain_by_case(results), title=title)
    notes = [tables.gain_summary(rows, results.sizes["seed"])]
    return Outcome(tables.gain_headers(rows), parts, notes, figure)
