"""Runs: how many diverged, and how long they took, in words."""

import xarray as xr

from jaxqkd.reports.section import Section


def summary(results: xr.Dataset) -> Section:
    """Returns how many runs diverged, where the results say so, and how long all of them took."""
    runs, compilation = float(results.seconds.sum()), float(results.compile_seconds.sum())
    spent = (
        f"The runs took {runs:.0f} s, and the compilation of their programs {compilation:.0f} s, several at once."
    )
    return Section("The runs", "\n\n".join(filter(None, [diverged(results)[0], spent])))


def diverged(results: xr.Dataset) -> tuple[str, bool]:
    """Returns a sentence on the runs that diverged, and whether all of them did; an empty one without flags."""
    if "diverged" not in results:
        return "", False
    flags = results.diverged.astype(bool)
    count = int(flags.sum())
    if count == flags.size:
        return f"EVERY ONE of the {count} runs diverged: the scores mean nothing.", True
    if not count:
        return f"0 of {flags.size} runs diverged.", False
    by_student = {str(name): int(flags.sel(student=name).sum()) for name in flags.student.values}
    where = ", ".join(f"{name} {number}" for name, number in by_student.items() if number)
    sentence = f"{count} of {flags.size} runs diverged ({where}): their loss ceased to be finite."
    return f"{sentence} They count in every figure and test.", False
