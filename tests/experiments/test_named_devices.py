import dataclasses

import jax
import numpy as np
import pytest

from jaxqkd import data, metrics, studies
from jaxqkd.experiments import named_devices
from jaxqkd.experiments.named_devices import presentation, setup


def test_a_student_survives_fails_or_is_open_by_the_rule():
    test = {"low": -0.04, "mean": -0.02, "verdict": "worse"}
    assert presentation.survival(test) == presentation.SURVIVES
    assert presentation.survival(test | {"low": -0.2, "mean": -0.1}) == presentation.FAILS
    assert presentation.survival(test | {"low": -0.2, "mean": -0.04}) == presentation.OPEN
    assert (
        presentation.survival(test | {"low": -0.2, "mean": -0.1, "verdict": "no difference"}) == presentation.OPEN
    )


def test_devices_and_dates_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="`device` must be one of"):
        named_devices.study(named_devices.Options(devices=("fizz",)))
    with pytest.raises(ValueError, match="`devices`"):
        named_devices.study(named_devices.Options(devices=("fez", "fez")))
    with pytest.raises(ValueError, match="`device` must have the calibration of 1999"):
        setup.placed("fez", "1999")


def test_a_study_holds_the_date_of_each_calibration():
    study = named_devices.study(named_devices.Options(seeds=1, devices=("fez",)))
    assert list(study.options["dates"]) == ["fez"]
    assert study.settings["trained"] == ("clean", "fez")
    assert dataclasses.asdict(named_devices.Options())["devices"] == setup.DEVICES


@pytest.mark.slow
def test_a_small_study_is_judged_on_every_device_and_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "LAYERS", 1)
    setup.placed.cache_clear()
    options = named_devices.Options(seeds=2, epochs=4, devices=("fez",))
    studies.run(named_devices.study(options), tmp_path)
    results = studies.load(tmp_path, units=metrics.UNITS)
    f1 = presentation.scores(results)
    assert dict(f1.sizes) == {"trained": 2, "distilled": 2, "seed": 2, "judged": 2}
    own = f1.sel(judged="fez", trained="fez")
    np.testing.assert_array_equal(own, results.f1_macro.sel(trained="fez").squeeze("student"))
    text = "\n".join(section.text for section in presentation.report(results))
    assert f"fez of {setup.calibrations(('fez',))['fez']}" in text
    assert "best case of a device" in text
    setup.placed.cache_clear()


def test_rows_are_those_of_wine():
    (rows,) = data.standardize(data.wine())
    logits = jax.eval_shape(setup.student().init_with_output, jax.random.key(0), rows.x)[0]
    assert logits.shape == (len(rows.x), setup.CLASSES)
