"""Every experiment has one form."""

import dataclasses
import importlib
import inspect
import pathlib

import numpy as np
import pytest

from jaxqkd.experiments import registry


@pytest.fixture(params=registry.names())
def experiment(request):
    return registry.find(request.param)


def made(experiment, directory):
    """The options of an experiment, with a table of noise for the one that needs a file."""
    if experiment.name != "own_data":
        return experiment.options()
    rows = np.random.default_rng(0).normal(size=(30, 3)).round(3)
    lines = [f"{a},{b},{c},{row % 2}" for row, (a, b, c) in enumerate(rows)]
    (directory / "rows.csv").write_text("\n".join(["a,b,c,class", *lines]) + "\n")
    return experiment.options(data=directory / "rows.csv", label="class", seeds=2)


def test_the_folders_are_the_experiments():
    assert {"bounded_logits", "noise_robustness", "own_data", "payoff", "piperno2024"} <= set(registry.names())
    assert [registry.find(name).name for name in registry.names()] == list(registry.names())


def test_an_experiment_says_what_it_asks_and_takes(experiment):
    assert experiment.title.endswith((".", "?"))
    assert len(experiment.description) > len(experiment.title) + 100
    assert "core" in experiment.cost
    assert all(claim.endswith(".") for claim in experiment.claims)


def test_options_are_frozen_documented_and_have_what_all_share(experiment):
    names = [field.name for field in dataclasses.fields(experiment.options)]
    assert {"seeds", "epochs", "seed"} <= set(names)
    text = inspect.getdoc(experiment.options)
    assert [name for name in names if f"    {name}: " not in text] == []
    assert experiment.options.__dataclass_params__.frozen


@pytest.mark.filterwarnings("ignore:.*more than twice T1")  # which a calibration of named_devices has
def test_a_study_has_the_name_and_version_of_its_experiment(experiment, tmp_path):
    options = made(experiment, tmp_path)
    study = experiment.study(options)
    assert (study.name, study.version) == (experiment.name, experiment.version)
    assert (study.seeds, study.base) == (options.seeds, options.seed)
    assert registry.of_study(study.name, study.version) is experiment


def test_its_folder_has_its_parts(experiment):
    folder = importlib.import_module(f"jaxqkd.experiments.{experiment.name}").__path__[0]
    assert {"setup.py", "training.py", "presentation.py"} <= {path.name for path in pathlib.Path(folder).iterdir()}


def test_unknown_names_and_versions_are_refused():
    with pytest.raises(ValueError, match="`experiment` must be one of"):
        registry.find("piperno2025")
    with pytest.raises(ValueError, match=r"is of the study .durable.\. Report a study of your own"):
        registry.of_study("durable", 1)
    with pytest.raises(ValueError, match="must hold version 1 of payoff, but is of version 2"):
        registry.of_study("payoff", 2)
