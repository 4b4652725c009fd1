"""Draws `architecture.svg`: the storeys that pyproject.toml lists, and the imports between them.

`python docs/draw_architecture.py` writes the picture; a test checks that it is up to date.
"""

import sys
import tomllib
from itertools import accumulate
from pathlib import Path

import grimp

DOCS = Path(__file__).resolve().parent
PICTURE = DOCS / "architecture.svg"
BELOW_THE_WALL = "resources"
WIDTH, ROW, HEIGHT, GAP, MARGIN, LETTER, SWEEPS = 760, 58, 30, 36, 24, 8.6, 8
STYLE = """
  text { font: 14px ui-monospace, Menlo, Consolas, monospace; text-anchor: middle; fill: #1f2933 }
  rect { fill: #e8f1fa; stroke: #4a7fb5 }
  rect.beyond { fill: #fdf1e4; stroke: #c9832f }
  path { fill: none; stroke: #7b8794; stroke-opacity: 0.6 }
  line { stroke: #b4531a; stroke-width: 2; stroke-dasharray: 8 5 }
  .ground { fill: #fff; stroke: none }
  .wall { fill: #b4531a; text-anchor: end }
"""

Place = tuple[float, float, float]
"""The middle of a box, its upper edge and its width."""


def storeys() -> list[list[str]]:
    """Returns the names of the modules of each storey, from the bottom up."""
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    house = next(each for each in project["tool"]["importlinter"]["contracts"] if each["id"] == "house")
    rows = [[name.strip() for name in layer.split("|")] for layer in reversed(house["layers"])]
    return [row for row in rows if row != ["__main__"]]


def imports(rows: list[list[str]]) -> dict[str, set[str]]:
    """Returns for each module the modules that it imports, except those that one of these imports in turn."""
    graph = grimp.build_graph("jaxqkd", exclude_type_checking_imports=True, cache_dir=None)
    direct: dict[str, set[str]] = {}
    reached: dict[str, set[str]] = {}
    for row in rows:
        below = set(direct)
        for name in row:
            graph.squash_module(f"jaxqkd.{name}")
            imported = graph.find_modules_directly_imported_by(f"jaxqkd.{name}")
            direct[name] = {module.removeprefix("jaxqkd.") for module in imported} & below
            reached[name] = direct[name].union(*(reached[module] for module in direct[name]))
    return {name: near - set().union(*(reached[module] for module in near)) for name, near in direct.items()}


def places(rows: list[list[str]], edges: dict[str, set[str]]) -> dict[str, Place]:
    """Returns where the boxes are: each near the middle of those that it imports and that import it."""
    x = {name: WIDTH * (place + 1) / (len(row) + 1) for row in rows for place, name in enumerate(row)}
    near = {name: sorted(edges[name] | {other for other in edges if name in edges[other]}) or [name] for name in x}
    for row in SWEEPS * [*rows, *reversed(rows)]:
        x |= spread({name: sum(x[other] for other in near[name]) / len(near[name]) for name in row})
    tops = {name: MARGIN + (len(rows) - 1 - height) * ROW for height, row in enumerate(rows) for name in row}
    return {name: (x[name], tops[name], width_of(name)) for name in x}


def spread(wanted: dict[str, float]) -> dict[str, float]:
    """Returns the middles of a row's boxes: in the order of those wanted, near them, a gap apart."""
    names = sorted(wanted, key=lambda name: (wanted[name], name))
    ends = list(accumulate(width_of(name) + GAP for name in names))
    middles = [end - GAP - width_of(name) / 2 for name, end in zip(names, ends, strict=True)]
    shifts = [wanted[name] - middle for name, middle in zip(names, middles, strict=True)]
    first = min(max(sum(shifts) / len(shifts), MARGIN), WIDTH - MARGIN - ends[-1] + GAP)
    return {name: first + middle for name, middle in zip(names, middles, strict=True)}


def width_of(name: str) -> float:
    """Returns the width of a box."""
    return len(name) * LETTER + 24


def box(name: str, place: Place, beyond: bool) -> str:
    """Returns a module's box; those beyond the wall have another color."""
    x, top, width = place
    kind = ' class="beyond"' if beyond else ""
    frame = f'<rect{kind} x="{x - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{HEIGHT}" rx="6"/>'
    return f'{frame}<text x="{x:.1f}" y="{top + HEIGHT / 2 + 5:.1f}">{name}</text>'


def curve(above: Place, below: Place) -> str:
    """Returns the line of an import."""
    (x, top, _), (end, bottom, _) = above, below
    start = top + HEIGHT
    middle = (start + bottom) / 2
    return f'<path d="M{x:.1f} {start:.1f} C{x:.1f} {middle:.1f} {end:.1f} {middle:.1f} {end:.1f} {bottom:.1f}"/>'


def picture() -> str:
    """Returns the picture as SVG."""
    rows = storeys()
    edges = {name: imported - set(rows[0] + rows[1]) for name, imported in imports(rows).items()}
    where = places(rows, edges)
    wall = next(height for height, row in enumerate(rows) if BELOW_THE_WALL in row)
    y = where[BELOW_THE_WALL][1] - (ROW - HEIGHT) / 2
    tall = 2 * MARGIN + (len(rows) - 1) * ROW + HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" width="{WIDTH}" role="img">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{tall}"/>',
        *(curve(where[name], where[module]) for name, imported in edges.items() for module in sorted(imported)),
        f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>',
        f'<text class="wall" x="{WIDTH - 8}" y="{y - 8}">the wall</text>',
        *(box(name, where[name], height > wall) for height, row in enumerate(rows) for name in row),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))
    PICTURE.write_text(picture(), encoding="utf-8")
