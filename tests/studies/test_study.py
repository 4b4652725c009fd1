"""Descriptions of studies: what they refuse, what makes two of them equal, and how they are cut into blocks."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from jaxqkd.studies import Study
from jaxqkd.studies.study import cut, digest, identity, seed_keys
from tests import small


def test_a_study_is_equal_to_one_of_the_same_description_only():
    assert small.study() == small.study()
    assert hash(small.study()) == hash(small.study())
    changes = [
        {"seeds": 11},
        {"base": 1},
        {"block": 3},
        {"chunk": 2},
        {"score": "accuracy"},
        {"options": {"count": 40, "epochs": 4}},
        {"data": np.ones(3)},
    ]
    others = {small.study(**change).id for change in changes}
    assert len(others | {small.study().id}) == len(changes) + 1
    assert small.study(data=np.ones(3)) != small.study(data=np.ones(3) * 2)


def test_functions_may_move_and_be_renamed_without_another_id():
    before = small.study()

    def elsewhere(student, *, width, epochs):
        return before.run(student, width=width, epochs=epochs)

    elsewhere.__module__, elsewhere.__qualname__ = "another.module", "train"
    moved = dataclasses.replace(before, run=elsewhere)
    assert moved.id == before.id
    assert moved != before  # their programs are not shared in a process
    assert dataclasses.replace(before, version=2).id != before.id


def test_a_function_defined_again_makes_another_study(monkeypatch):
    before = small.study()

    def run(student, *, width, epochs):
        return before.run(student, width=width, epochs=epochs + 1)

    run.__module__, run.__qualname__ = small.run.__module__, small.run.__qualname__
    monkeypatch.setattr(small, "run", run)
    assert small.study().id == before.id
    assert small.study() != before


def test_the_description_is_json_with_name_and_version_for_functions_and_a_digest_for_data():
    description = small.study(data={"x": np.ones(3)}).description
    assert json.loads(json.dumps(description)) == description
    assert (description["name"], description["version"]) == ("small", 1)
    assert not {"run", "seed_data"} & set(description)
    assert description["data"] == digest({"x": np.ones(3)})
    assert description["static"] == ["width"]
    assert small.study().id == identity(small.study().description)


@pytest.mark.parametrize("name", ["piperno2024", "own_data", "a-b_c"])
def test_names_may_have_hyphens_and_underscores(name):
    assert dataclasses.replace(small.study(), name=name).name == name


def test_settings_that_run_takes_by_name_are_static():
    assert small.study().static == ("width",)


def test_blocks_cover_each_cell_and_seed_once():
    study = small.study(seeds=10, block=4)
    blocks = cut(study.description)
    assert [block.number for block in blocks] == list(range(len(blocks)))
    covered = {(b.student, b.static, seed) for b in blocks for seed in range(b.first, b.stop)}
    assert len(covered) == sum(b.stop - b.first for b in blocks) == 2 * 2 * 10
    assert {b.stop - b.first for b in blocks} == {4, 2}
    assert str(blocks[1]) == "linear, width 4, seeds 0 to 3"


@pytest.mark.parametrize(("seeds", "size"), [(1, 1), (12, 12), (13, 7), (128, 12)])
def test_blocks_have_48_runs_by_default_or_a_little_less(seeds, size):
    assert small.study(seeds=seeds, block=None).seeds_a_block == size


def test_keys_come_from_the_seeds_own_numbers():
    few, many = seed_keys(0, range(3)), seed_keys(0, range(1, 5))
    assert (few[1:] == many[:2]).all()
    assert not (seed_keys(1, range(3)) == few).any()


def test_the_digest_depends_on_values_shapes_and_types():
    values = np.arange(6.0)
    digests = {digest(a) for a in (values, values + 1, values.reshape(2, 3), values.astype("f4"), [values] * 2)}
    assert len(digests) == 5
    assert digest(values) == digest(values.copy())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 0}, "`version` must be at least 1, but is 0"),
        ({"seeds": 0}, "`seeds` must be at least 1, but is 0"),
        ({"base": -1}, "`base` must be at least 0"),
        ({"base": 2**32}, "`base` must be at most 4294967295"),
        ({"chunk": 1}, "`chunk` must be at least 2"),
        ({"block": 0}, "`block` must be at least 1"),
        (
            {"options": {"count": 40, "epoch": 3}},
            "`options` must be arguments of `seed_data` or `run`, .* with epoch",
        ),
        ({"options": {"count": float("nan"), "epochs": 3}}, "`options` must be what JSON can hold"),
        ({"options": {"count": jax.numpy, "epochs": 3}}, "`options` must be what JSON can hold"),
    ],
)
def test_bad_descriptions_are_refused(changes, told):
    with pytest.raises(ValueError, match=told):
        small.study(**changes)


@pytest.mark.parametrize(
    ("name", "students", "settings", "told"),
    [
        ("../x", ("a",), {}, "`name` must be lower-case letters"),
        ("x", (), {}, "`students` must hold at least one value"),
        ("x", ("a", "a"), {}, "`students` must hold each value once"),
        ("x", "hea", {}, "`students` must be a sequence"),
        ("x", ("a",), {"learning rate": (1,)}, "`settings` must be named as variables are"),
        ("x", ("a",), {"alpha": ()}, "`alpha` must hold at least one value"),
    ],
)
def test_bad_names_and_settings_are_refused(name, students, settings, told):
    with pytest.raises(ValueError, match=told):
        Study(name, 1, small.seed_data, small.run, students=students, settings=settings, seeds=2)


def test_a_function_that_nobody_else_can_find_is_refused():
    with pytest.raises(ValueError, match="`seed_data` must be a function of a module"):
        Study("x", 1, lambda key: key, small.run, students=("a",), settings={}, seeds=2)
