"""The report: its text is whole, says what the numbers are, and asks the network for nothing."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from jaxqkd.reports import Drawing, Section, Table, any_study, assemble, comparison_maps, comparisons
from jaxqkd.reports.saving import page as rendered
from tests.reports.test_plots import SEEDS, study

VOID = {"meta", "link", "img"}
FACTS = {
    "id": "abc123",
    "description": {"options": {"epochs": 6}, "base": 7, "data": None},
    "seed_data_sha256": "def456",
    "devices": ["cpu", "cpu"],
    "versions": {"jax": "1.2.3"},
}


def report(results, *, facts, sections=(), command="jaxqkd report DIR"):
    """Returns the page of a report, whose comparisons are with training without a teacher."""
    along = {"along": "distilled", "baseline": 0} if "distilled" in results.dims else {}
    tested = comparisons(results.f1_macro, **along)
    shown = assemble(results, sections, tested=tested, references={"the teachers": "teacher_f1"})
    return rendered(results, shown, facts, command)


class Page(HTMLParser):
    """Reads a page: its headings, images, rows and links; refuses tags that are not balanced."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.images, self.rows, self.tags = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append((tag, found))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(found)
        if tag == "tr":
            self.rows.append([])
        if tag in ("h1", "h2"):
            self.headings.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings[-1] += data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1].append(data)


@pytest.fixture(scope="module")
def results():
    flags = np.zeros((2, 2, 2, SEEDS), bool)
    flags[1, 0, 0, :3] = True
    found = study({"reading": ["plain", "other"], "distilled": [0, 1]})
    scores = found.f1_macro.sel(distilled=0) + 0.2 * found.distilled * (found.student == "hea")
    dimensions = found.f1_macro.dims
    return found.assign(diverged=(dimensions, flags), f1_macro=scores.transpose(*dimensions))


@pytest.fixture(scope="module")
def text(results):
    own = Section(
        "Own <section>",
        "First.\n\nSecond.",
        drawing=Drawing(Figure(figsize=(1, 1)), 'one "inch"'),
        table=Table(["name", "value", "more"], [["<b>row</b>", "1", "2"]]),
        listing="a   b",
    )
    return report(results, facts=FACTS, sections=[own], command="jaxqkd report <here>")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def told(text):
    """Returns the words of a report without its markup and images."""
    return re.sub(r"\s+", " ", re.sub(r"(?s)<style>.*?</style>|<[^>]*>", " ", text))


def test_every_section_is_there_in_its_order(page):
    assert page.headings == [
        "The study “small”", "Overview", "Own <section>", "Scores of every seed", "Learning curves",
        "Sensitivity to the initialization", "Paired comparisons", "Time", "What was run, and with what",
        "Manifest", "Every figure again",
    ]  # fmt: skip


def test_a_section_of_the_study_s_own_is_shown_as_it_is(text, page):
    assert ["<b>row</b>", "1", "2"] in page.rows
    assert page.images[0]["alt"] == 'one "inch"'
    assert "<p>First.</p>\n<p>Second.</p>" in text
    assert "<pre>a   b</pre>" in text
    assert "<pre>jaxqkd report &lt;here&gt;</pre>" in text


def test_the_contents_lead_to_the_sections(page):
    targets = [found["id"] for tag, found in page.tags if tag == "section"]
    assert [found["href"] for tag, found in page.tags if tag == "a"] == [f"#{target}" for target in targets]
    assert len(set(targets)) == 10


def test_nothing_is_loaded_from_elsewhere(text, page):
    loaded = [found[name] for _, found in page.tags for name in ("src", "href", "srcset", "data") if name in found]
    assert all(target.startswith(("data:", "#")) for target in loaded)
    assert not {"script", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert "http" not in text
    assert "url(" not in text
    assert "@import" not in text


def test_images_are_whole_small_and_have_words(text, page):
    assert len(page.images) == 5
    for image in page.images:
        head, content = image["src"].split(",")
        assert head == "data:image/png;base64"
        opened = Image.open(io.BytesIO(base64.b64decode(content, validate=True)))
        opened.load()
        assert opened.size == (int(image["width"]), int(image["height"]))
        assert any(letter.isalnum() for letter in image["alt"])
    assert len(text) < 1_000_000


def test_the_page_says_its_language_and_fits_a_phone(page):
    found = dict(page.tags[::-1])
    assert found["html"]["lang"] == "en"
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
    heads = [found["scope"] for tag, found in page.tags if tag == "th"]
    assert set(heads) == {"row", "col"}


def test_text_is_not_markup(results):
    evil = "<b>bold</b>"
    found = results.assign_coords(student=[evil, "hea"]).assign_attrs(study='"><i>')
    text = report(found, facts={"description": {"options": {"name": "<script>"}}}, command="<u>")
    page = Page(text)
    assert not {"b", "i", "script", "u"} & {tag for tag, _ in page.tags}
    assert [evil, "plain", "0"] in [row[:3] for row in page.rows]
    assert evil in page.images[0]["alt"]


def test_the_words_count_right(text):
    words = told(text)
    assert "trained 2 students from 12 seeds at every setting (reading plain, other; distilled 0, 1)" in words
    assert "for at most 6 epochs: 96 runs." in words
    assert "3 of 96 runs diverged (hea 3): their loss ceased to be finite." in words
    assert "Of 4 paired comparisons (distilled 1 with 0), the corrected tests say: " in words
    assert "2 better" in words
    assert "2 no difference shown" in words


def test_the_tables_hold_the_numbers(page, results):
    rows = {tuple(row[:3]): row[3:] for row in page.rows}
    mean = float(results.f1_macro.sel(student="hea", reading="other", distilled=1).mean())
    assert rows["hea", "other", "1"][1].startswith(f"{mean:.3f}\u00a0[")
    change, interval, p, delta, wins, _, verdict = rows["hea", "other", "0\u00a0→\u00a01"]
    assert (change, interval, wins, verdict) == ("+0.200", "[+0.200,\u00a0+0.200]", "100%", "better")
    assert p == f"{4 * 2 / 2**SEEDS:.3f}"
    assert float(delta) > 0
    assert rows["linear", "other", "0\u00a0→\u00a01"][-1] == "no difference shown"
    assert ["devices", "2 × cpu"] in page.rows
    assert ["seeds", "12, drawn from base 7"] in page.rows
    assert ["versions", "jax 1.2.3"] in page.rows
    assert "SHA-256 of the data" not in [row[0] for row in page.rows]


def test_nothing_is_better_without_a_test(results):
    few = results.isel(seed=slice(4))
    text = told(report(few, facts={}))
    assert "better" not in text
    assert "Fewer than 8 seeds never pass a correction over 4 comparisons" in text
    assert text.count("too few seeds") == 4


@pytest.mark.parametrize("flag", [False, True])
def test_the_banner_says_if_all_or_none_diverged(results, flag):
    text = report(results[["f1_macro"]].assign(diverged=results.diverged * 0 + flag), facts={})
    assert ("EVERY ONE of the 96 runs diverged" in text) == flag
    assert ("0 of 96 runs diverged" in text) != flag
    assert ('role="alert"' in text) == ("Paired comparisons" not in text) == flag


def test_what_is_missing_is_left_out(results):
    page = Page(report(results[["f1_macro"]].sel(student=["hea"], distilled=0), facts={}))
    assert page.headings[1:] == [
        "Overview", "Scores of every seed", "What was run, and with what", "Manifest", "Every figure again"
    ]  # fmt: skip
    assert not any(found.get("class", "").startswith("banner") for _, found in page.tags)


def test_students_are_compared_by_default(results):
    chosen = results.sel(distilled=1)
    page = Page(rendered(chosen, any_study(chosen), {}, "jaxqkd report DIR"))
    assert [row[:2] for row in page.rows if row[-1] in ("better", "worse", "no difference shown")] == [
        ["plain", "linear\u00a0→\u00a0hea"], ["other", "linear\u00a0→\u00a0hea"]
    ]  # fmt: skip


@pytest.mark.parametrize(("seeds", "maps"), [(12, 2), (4, 1)])
def test_weights_of_a_teacher_have_heat_maps(seeds, maps):
    found = study({"temperature": [1.0, 2.0], "alpha": [0.0, 0.5]}, seeds=seeds)
    sections = list(comparison_maps(comparisons(found.f1_macro, "alpha", 0.0), down="temperature"))
    page = Page(report(found, facts={}, sections=sections))
    assert (
        sum(name in page.headings for name in ("Gain by temperature and alpha", "Certainty of the gains")) == maps
    )
    assert sum("Heat maps" in image["alt"] for image in page.images) == maps


def test_comparisons_need_two_values_and_a_known_dimension(results):
    assert comparisons(results.f1_macro.sel(student=["hea"])) is None
    assert len(comparisons(results.f1_macro, "distilled", 0).table) == 4
    with pytest.raises(ValueError, match="`along` must be one of"):
        comparisons(results.f1_macro, "weight")
    with pytest.raises(ValueError, match="`baseline` must be one of"):
        comparisons(results.f1_macro, "distilled", 2)


def test_long_tables_are_folded(results):
    rows = [["name", str(number), ""] for number in range(31)]
    short, long = (
        report(results[["f1_macro"]], facts={}, sections=[Section("Own", table=Table(["a", "b", "c"], given))])
        for given in (rows[:30], rows)
    )
    assert "<summary>All 31 rows</summary>" in long
    assert long.count("<details>") == short.count("<details>") + 1


@pytest.mark.slow
def test_the_same_results_give_the_same_text(results):
    assert report(results, facts=FACTS) == report(results, facts=FACTS)


def test_a_figure_without_words_is_refused(results):
    with pytest.raises(ValueError, match="`alt` must say what the figure shows, but is empty in 'Own'"):
        report(results, facts={}, sections=[Section("Own", drawing=Drawing(Figure(), ""))])
    with pytest.raises(ValueError, match="`score` must be one of"):
        any_study(results.drop_attrs())
