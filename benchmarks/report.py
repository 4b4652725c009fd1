"""The report: a table a part, the targets, the curve's figure, and everything raw as JSON."""

import datetime
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.figure import Figure

from benchmarks.measurement import Row
from benchmarks.targets import fastest, milliseconds, number, ratio, targets

STYLES = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"))
"""Colors that people with any color vision tell apart (Okabe and Ito), and markers."""

TITLES = {
    "seed": "The seed epoch: 6 qubits, 5 layers, 800 examples, full batch",
    "paths": "Other paths through a training",
    "simulators": "One student by exact() and by tensorcircuit()",
    "imported": "A student brought from PennyLane, trained here and there",
    "noise": "The seed epoch under exact depolarizing noise",
    "curve": "One seed by the number of qubits: 4 layers, 32 examples",
    "scaling": "How jaxqkd scales, on the seed epoch",
    "compile": "Compilation of a student",
    "study": "The seed study, from the command line",
}

HEADERS = (
    "implementation",
    "work",
    "seeds",
    "epochs",
    "first, s",
    "then, s",
    "ms a seed and epoch",
    "x jaxqkd",
    "peak MiB",
)


def part_text(part: str, rows: Sequence[Row]) -> str:
    """Returns the part's title, its table, and a line for each difference and each row without a measurement."""
    own = [row for row in rows if row.part == part]
    best = fastest(own)
    cells = [HEADERS]
    for (work, name), row in best.items():
        sizes = ("", "") if row.request is None else (str(row.request.seeds), str(row.request.epochs))
        seconds = median(row.reply.seconds) if row.reply.seconds else None
        figures = row.reply.first, seconds, milliseconds(row), ratio(best, work, name), row.reply.memory
        cells.append((name, work, *sizes, *map(number, figures)))
    lost = [f"- {told(row)}: {row.reply.outcome}, {row.reply.message}\n" for row in own if row.reply.message]
    if part == "simulators":
        lost += [f"- {told(row)}: {row.reply.difference:.1e} from ours\n" for row in own if row.reply.difference]
    return "".join([f"## {TITLES[part]}\n\n", _table(cells), *["\n"][: len(lost)], *lost])


def targets_text(rows: Sequence[Row]) -> str:
    """Returns the table of targets."""
    cells = [("how long it takes", "target", "measured", "verdict")]
    for target in targets(rows):
        limit = f"{'at least' if target.at_least else 'at most'} {number(target.limit)} {target.unit}"
        cells.append((target.text, limit, number(target.measured), target.verdict()))
    return f"## Targets\n\n{_table(cells)}" if len(cells) > 1 else ""


def save(directory: Path, machine: dict[str, Any], rows: Sequence[Row], texts: Sequence[str]) -> None:
    """Writes results.json, table.md and, where the curve was measured, curve.png."""
    results = {"machine": machine, "versions": versions(rows), "rows": [_raw(row) for row in rows]}
    (directory / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (directory / "table.md").write_text("\n".join(texts), encoding="utf-8")
    points = [row for row in rows if row.part == "curve" and row.reply.outcome == "measured"]
    if points:
        curve_figure(points).savefig(directory / "curve.png", dpi=150)


def machine() -> dict[str, Any]:
    """Returns what the benchmark runs on, when, and its load: how many other processes keep it busy."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else None
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": None if pages is None else round(pages / 2**30, 1),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "os": platform.platform(),
        "python": platform.python_version(),
    }


def versions(rows: Sequence[Row]) -> dict[str, str]:
    """Returns the versions of all that the rows were measured with."""
    found = {name: version for row in rows for name, version in (row.reply.versions or {}).items()}
    return dict(sorted(found.items()))


def machine_text(machine: dict[str, Any], rows: Sequence[Row]) -> str:
    """Returns in one paragraph what the rows were measured on, and with what."""
    facts = [f"{name.replace('_', ' ')} {value}" for name, value in [*machine.items(), *versions(rows).items()]]
    return f"Measured with: {', '.join(facts)}. A load near 0 at the start means that nothing else was running.\n"


def told(row: Row) -> str:
    """Returns the row's name, work and number of seeds."""
    request = row.request
    return row.name if request is None else f"{row.name} ({request.work.name}, seeds: {request.seeds})"


def curve_figure(rows: Sequence[Row]) -> Figure:
    """Returns the curve by the number of qubits: milliseconds an epoch, and peak memory."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    panels = figure.subplots(1, 2)
    for name, (color, marker) in zip(dict.fromkeys(row.name for row in rows), STYLES, strict=False):
        own = [row for row in rows if row.name == name]
        qubits = [row.request.work.qubits for row in own]
        for panel, values in zip(panels, (map(milliseconds, own), (row.reply.memory for row in own)), strict=True):
            panel.plot(qubits, list(values), color=color, marker=marker, label=name)
    for panel, label in zip(panels, ("milliseconds an epoch", "peak memory (MiB)"), strict=True):
        panel.set_yscale("log")
        panel.set_xticks(sorted({row.request.work.qubits for row in rows}))
        panel.set_xlabel("qubits")
        panel.set_ylabel(label)
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    figure.legend(*panels[0].get_legend_handles_labels(), ncols=2, loc="outside upper center", frameon=False)
    return figure


def _table(cells: Sequence[Sequence[str]]) -> str:
    """Returns Markdown that reads well as text, too: columns padded, all but the first to the right."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]

    def line(texts: Sequence[str]) -> str:
        right = (text.rjust(width) for text, width in zip(texts[1:], widths[1:], strict=True))
        return f"| {' | '.join([texts[0].ljust(widths[0]), *right])} |\n"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "".join(map(line, [cells[0], rule, *cells[1:]]))


def _raw(row: Row) -> dict[str, Any]:
    request = row.request and row.request._asdict() | {"work": row.request.work._asdict()}
    reply = row.reply._replace(gradient=None)._asdict()
    return {"part": row.part, "name": row.name, "request": request, "reply": reply}


def _cpu() -> str:
    """Returns the processor's name, which Linux tells only here."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]
