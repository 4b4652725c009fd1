"""HTML: sections as one page that holds all it shows and asks the network for nothing."""

import base64
import io
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from jaxqkd import checks
from jaxqkd.reports.section import Drawing, Section, answers_first

DOTS_AN_INCH = 200
LONG = 30
"""Rows of a table, or lines of a listing, from which it starts folded."""


def page(title: str, sections: Sequence[Section], *, banner: str = "", alarm: bool = False) -> str:
    """Returns sections as an HTML page, with their figures inside. The same sections give the same text.

    Args:
        title: Its heading.
        sections: Each is listed in the contents; those that say what came out stand first, in a box.
        banner: A sentence that stands below the heading.
        alarm: Whether the banner says that the page is not to be relied on.

    Raises:
        ValueError: If a figure has no alternative text.
    """
    for section in sections:
        has_words = section.drawing is None or bool(section.drawing.alt)
        checks.require(has_words, "alt", "say what the figure shows", f"empty in {section.title!r}")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = files("jaxqkd.reports").joinpath("report.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        title=title,
        banner=banner,
        alarm=alarm,
        sections=[(section, _embedded(section.drawing)) for section in answers_first(sections)],
        long=LONG,
    )


def _embedded(drawing: Drawing | None) -> dict[str, Any]:
    """Returns a drawing as an image's attributes; in 256 colors, which take a third of the bytes."""
    from PIL import Image  # matplotlib needs it, too

    if drawing is None:
        return {}
    full, small = io.BytesIO(), io.BytesIO()
    drawing.figure.savefig(full, format="png", dpi=DOTS_AN_INCH, facecolor="white")
    image = Image.open(full).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(small, format="png", optimize=True)
    source = "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()
    return {"src": source, "width": image.width, "height": image.height, "alt": drawing.alt}
