"""Running studies: what is computed, kept, shared, resumed and refused."""

import itertools
import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor

import jax
import numpy as np
import pytest
import xarray as xr

import jaxqkd as jq
from jaxqkd.studies import blocks, missing, programs, runner, store
from jaxqkd.studies.study import cut, identity, seed_keys
from tests import small


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    directory = tmp_path_factory.mktemp("done")
    runner.run(small.study(), directory)
    return directory


@pytest.fixture
def copy(done, tmp_path):
    shutil.copytree(done, tmp_path / "copy")
    return tmp_path / "copy"


def contents(directory):
    paths = sorted(directory.glob("blocks/*.npz"))
    return {path.name: blocks.load(path, small.study().id).values for path in paths}


def assert_same(one, other):
    jax.tree.map(np.testing.assert_array_equal, contents(one), contents(other))


def counting(monkeypatch):
    calls = []
    compute = programs.compute

    def counted(study, block):
        calls.append(block.number)
        return compute(study, block)

    monkeypatch.setattr(runner, "compute", counted)
    return calls


def test_all_blocks_are_kept_and_nothing_else(done):
    names = sorted(path.relative_to(done).as_posix() for path in done.rglob("*"))
    assert names == ["blocks", *(f"blocks/{n:05d}.npz" for n in range(20)), "study.json"]
    assert missing(small.study(), done) == []


def test_a_second_call_does_nothing(copy, monkeypatch):
    calls = counting(monkeypatch)
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*.npz")}
    runner.run(small.study(), copy)
    assert calls == []
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*.npz")} == before


def test_missing_and_damaged_blocks_are_computed_again_to_the_same_bits(done, copy, monkeypatch):
    calls = counting(monkeypatch)
    blocks.path(copy, 3).unlink()
    damaged = bytearray(blocks.path(copy, 7).read_bytes())
    damaged[1000] ^= 1
    blocks.path(copy, 7).write_bytes(damaged)
    blocks.path(copy, 9).write_bytes(blocks.path(copy, 9).read_bytes()[:-5])
    runner.run(small.study(), copy)
    assert calls == [3, 7, 9]
    assert_same(done, copy)


def test_a_dataset_has_the_studys_dimensions_and_each_runs_own_values(done):
    found = jq.studies.load(done, units=jq.metrics.UNITS)
    assert found.f1_macro.dims == ("student", "width", "learning_rate", "kind", "seed")
    assert found.f1_macro.shape == (2, 2, 2, 2, 10)
    assert found.loss.dims == (*found.f1_macro.dims, "epoch")
    assert found.seconds.dims == ("student", "width")
    assert found.kind.values.tolist() == ["plain", "other"]
    assert found.index.isel(student=0, width=0, learning_rate=0, seed=0).values.tolist() == [0, 1]
    assert found.f1_macro.attrs["units"] == "1"
    assert (found.attrs["study"], found.attrs["version"]) == ("small", 1)


@pytest.mark.slow
def test_a_cell_equals_its_run_by_hand(done):
    found = jq.studies.load(done)
    key = seed_keys(0, [7])[0]
    seed_data = small.seed_data(key, count=40)
    for student, width, rate in itertools.product(("linear", "mlp"), (2, 4), (0.1, 0.01)):
        one = jax.jit(small.run(student, width=width, epochs=3))
        wanted = one((key, seed_data), {"learning_rate": rate, "kind": 1.0})
        cell = found.sel(student=student, width=width, learning_rate=rate).isel(kind=1, seed=7)
        np.testing.assert_allclose(cell.loss, wanted["loss"], rtol=1e-5)
        np.testing.assert_array_equal(cell.payload, wanted["payload"])


@pytest.mark.slow
def test_another_size_of_blocks_gives_the_same_results(done, tmp_path):
    runner.run(small.study(block=4), tmp_path)
    one, other = jq.studies.load(done), jq.studies.load(tmp_path)
    np.testing.assert_allclose(one.loss, other.loss, rtol=1e-5)
    np.testing.assert_array_equal(one.payload, other.payload)


def test_shares_make_a_whole(done, tmp_path):
    for share in range(3):
        runner.run(small.study(), tmp_path, share=(share, 3))
        there = {int(path.stem) for path in tmp_path.glob("blocks/*.npz")}
        assert there == {number for number in range(20) if number % 3 <= share}
    assert_same(done, tmp_path)


def test_an_incomplete_study_is_not_loaded(copy):
    blocks.path(copy, 3).unlink()
    with pytest.raises(ValueError, match=r"1 of 20 are missing or damaged. Run the study again; it goes on."):
        jq.studies.load(copy)


def test_an_executor_computes_the_blocks_and_this_process_keeps_them(done, tmp_path):
    with ThreadPoolExecutor(2) as executor:
        runner.run(small.study(), tmp_path, executor=executor)
    assert_same(done, tmp_path)


class Failing(ThreadPoolExecutor):
    """Fails at one block, as a lost worker does."""

    def submit(self, function, study, block):
        if block.number == 4:
            lost = Future()
            lost.set_exception(RuntimeError("the worker is gone"))
            return lost
        return super().submit(function, study, block)


def test_a_lost_worker_costs_its_block_alone(done, tmp_path):
    with Failing(1) as executor, pytest.raises(RuntimeError, match="the worker is gone"):
        runner.run(small.study(), tmp_path, executor=executor)
    assert [block.number for block in missing(small.study(), tmp_path)] == [4]
    runner.run(small.study(), tmp_path)
    assert_same(done, tmp_path)


def test_a_failure_before_the_first_block_leaves_no_directory(tmp_path, monkeypatch):
    def broken(study, block):
        raise RuntimeError("broken")

    monkeypatch.setattr(runner, "compute", broken)
    with pytest.raises(RuntimeError, match="broken"):
        runner.run(small.study(), tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seeds": 12}, "seeds 10 there, 12 here"),
        ({"version": 2}, "version 1 there, 2 here"),
        ({"options": {"count": 41, "epochs": 3}}, "options {'count': 40, 'epochs': 3} there"),
        ({"data": np.ones(3)}, "data None there"),
    ],
)
def test_another_study_is_refused_with_the_difference(done, changes, told):
    with pytest.raises(ValueError, match=told):
        runner.run(small.study(**changes), done)


def test_a_foreign_directory_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match=r"must be new, empty, or a study's, but is .* with thesis.tex"):
        runner.run(small.study(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(ValueError, match="must be new, empty, or a study's"):
        jq.studies.load(tmp_path)


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"id": 3}'])
def test_a_damaged_description_is_refused(copy, text):
    whole = (copy / "study.json").read_text()
    for damaged in (text, whole.replace('"seeds": 10', '"seeds": 11')):
        (copy / "study.json").write_text(damaged)
        with pytest.raises(ValueError, match=r"must hold an undamaged study\.json"):
            runner.run(small.study(), copy)


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": "ten"},
        {"seeds": None},
        {"seeds": 10**12},
        {"block": None},
        {"block": -1},
        {"block": True, "seeds": "x"},
        {"students": 3},
        {"students": [1, 2]},
        {"students": []},
        {"settings": []},
        {"settings": {"alpha": 1}},
        {"settings": {"alpha": []}},
        {"static": ["nothing"]},
        {"options": None},
    ],
)
def test_a_description_of_other_types_is_refused(copy, changes):
    held = json.loads((copy / "study.json").read_text())
    held["description"] |= changes
    held["id"] = identity(held["description"])
    (copy / "study.json").write_text(json.dumps(held))
    for read in (jq.studies.load, lambda path: runner.run(small.study(), path)):
        with pytest.raises(ValueError, match=r"must hold an undamaged study\.json"):
            read(copy)


def test_a_description_of_an_older_form_is_refused(copy):
    held = json.loads((copy / "study.json").read_text())
    del held["description"]["version"]
    held["id"] = identity(held["description"])
    (copy / "study.json").write_text(json.dumps(held))
    with pytest.raises(ValueError, match=r"study\.json that this jaxqkd can read"):
        jq.studies.load(copy)


def test_other_versions_are_told(copy, capsys, monkeypatch):
    monkeypatch.setattr(store, "versions", lambda: {"python": "3.99", "jax": "0.0.1"})
    runner.run(small.study(), copy)
    told = capsys.readouterr().err
    assert "now 0.0.1" in told
    assert told.count("\n") == 1


def test_edited_code_of_the_same_version_is_told(copy, capsys, monkeypatch):
    monkeypatch.setattr(store.inspect, "getsource", lambda function: f"edited {function.__name__}")
    runner.run(small.study(), copy)
    told = capsys.readouterr().err
    assert "code of seed_data" in told
    assert "code of run" in told
    assert store.description(copy) == small.study().description


def test_a_run_can_be_repeated_for_one_seed_with_the_data_of_its_block(done):
    found = jq.studies.load(done).sel(student="mlp", width=4, learning_rate=0.1, kind="other", seed=7)
    run = small.run("mlp", width=4, epochs=3)
    out = programs.rerun(small.study(), 7, lambda seed, _: run(seed, {"learning_rate": 0.1, "kind": 1}))
    np.testing.assert_allclose(out["loss"], found.loss, rtol=1e-6)
    np.testing.assert_array_equal(out["payload"], found.payload)


def test_a_partial_file_of_a_dead_process_is_no_block(copy):
    blocks.path(copy, 3).rename(copy / "blocks" / ".00003.npz.host.1.partial")
    assert [block.number for block in missing(small.study(), copy)] == [3]


@pytest.mark.parametrize(("share", "told"), [((3, 3), "i < n"), ((-1, 3), "at least 0"), ((0, 0), "at least 1")])
def test_bad_shares_are_refused(tmp_path, share, told):
    with pytest.raises(ValueError, match=told):
        runner.run(small.study(), tmp_path, share=share)


def test_a_run_without_the_score_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`run` must return a dict with `accuracy`"):
        runner.run(small.study(score="accuracy"), tmp_path)


def test_a_run_may_not_return_what_a_dimension_is_called(tmp_path, monkeypatch):
    block = cut(small.study(score="index").description)[0]
    names = programs.RESERVED
    monkeypatch.setattr(programs, "RESERVED", (*names, "index"))
    with pytest.raises(ValueError, match="`run` must not return `index`"):
        programs.compute(small.study(score="index"), block)


@pytest.mark.slow
def test_a_program_is_compiled_once_and_seed_data_once_a_group_of_seeds(tmp_path, monkeypatch):
    traced = []
    compile_sweep = programs.compile_sweep
    monkeypatch.setattr(programs, "compile_sweep", lambda *a, **k: traced.append(1) or compile_sweep(*a, **k))
    runner.run(small.study(base=5), tmp_path)
    assert len(traced) == 4 + 1


def test_netcdf_4_takes_the_dataset(done, tmp_path):
    found = jq.studies.load(done)
    found.to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "results.nc", engine="h5netcdf") as again:
        xr.testing.assert_equal(again.load(), found)


def test_cut_is_the_order_of_work(done):
    study = small.study()
    facts = [blocks.load(blocks.path(done, b.number), study.id).facts for b in cut(study.description)]
    assert facts[1]["block"] == "linear, width 4, seeds 0 to 1"
    assert len({fact["seed_data_sha256"] for fact in facts}) == 5


def test_where_files_cannot_be_locked_the_work_is_done_all_the_same(done, tmp_path, monkeypatch):
    def unsupported(lock, **options):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(runner.filelock.FileLock, "acquire", unsupported)
    runner.run(small.study(), tmp_path)
    assert_same(done, tmp_path)


def test_a_study_that_was_stopped_has_its_first_seeds(copy):
    assert jq.studies.complete_seeds(copy) == 10
    whole = jq.studies.load(copy)
    blocks.path(copy, 13).unlink()  # of seeds 6 and 7; those of 8 and 9 are there
    assert jq.studies.complete_seeds(copy) == 6
    found = jq.studies.load(copy, seeds=6)
    assert found.attrs["id"] == whole.attrs["id"]
    xr.testing.assert_equal(found.drop_vars("seconds"), whole.isel(seed=slice(6)).drop_vars("seconds"))
    xr.testing.assert_equal(jq.studies.load(copy, seeds=4).seed, whole.seed[:4])


@pytest.mark.parametrize(("seeds", "told"), [(5, "a multiple of 2"), (12, "or 10"), (0, "at least 1")])
def test_seeds_that_no_blocks_hold_are_refused(done, seeds, told):
    with pytest.raises(ValueError, match=told):
        jq.studies.load(done, seeds=seeds)
