"""Checks of arguments: each refuses, in one grammar of errors, and each accepts."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import checks

ROWS = np.array([[1.0, 2.0], [3.0, np.nan], [np.inf, 4.0]])


def keys(count):
    return jax.random.split(jax.random.key(0), count)


REFUSED = [
    (checks.integer, (0,), {}, "be at least 1, but is 0"),
    (checks.integer, (1,), {"least": 2}, "be at least 2, but is 1"),
    (checks.integer, (1.0,), {}, "be an integer, but is 1.0"),
    (checks.integer, (True,), {}, "be an integer, but is True"),
    (checks.integer, ("3",), {}, "be an integer, but is '3'"),
    (checks.positive, (0,), {}, "be positive and finite, but is 0"),
    (checks.positive, (-1e-9,), {}, "be positive"),
    (checks.positive, (np.nan,), {}, "be positive"),
    (checks.positive, (np.inf,), {}, "be positive"),
    (checks.positive, ([1.0, 0.0],), {}, "be positive"),
    (checks.positive, (None,), {}, "be positive"),
    (checks.fraction, (-0.1,), {}, "lie between 0 and 1, but is -0.1"),
    (checks.fraction, (1.0001,), {}, "lie between 0 and 1"),
    (checks.fraction, (np.nan,), {}, "lie between 0 and 1"),
    (checks.fraction, (np.array([0.5, 2]),), {}, "lie between 0 and 1"),
    (checks.one_of, ("c", ("a", "b")), {}, "be one of 'a', 'b', but is 'c'"),
    (checks.one_of, (None, ("a",)), {}, "be one of 'a', but is None"),
    (checks.one_of, (1, ("a", "b")), {}, "be one of"),
    (checks.rank, (np.zeros(3), 2, "[N, D]"), {}, "have 2 axes [N, D], but is of shape (3,)"),
    (checks.rank, (np.zeros((2, 2, 2)), 2, "[N, D]"), {}, "of shape (2, 2, 2)"),
    (checks.rank, (1.0, 1, "[N]"), {}, "of shape ()"),
    (checks.numbers, ([[1.0]],), {}, "be an array of numbers, but is a list"),
    (checks.numbers, (np.array(["1"]),), {}, "of dtype <U1"),
    (checks.numbers, (np.array([1.0, None]),), {}, "of dtype object"),
    (checks.finite_rows, (ROWS,), {}, "be finite, but is nan at row 1, column 1"),
    (checks.finite_rows, (ROWS[2:],), {}, "inf at row 0, column 0"),
    (checks.finite_rows, (jnp.array([[0.0, -jnp.inf]]),), {}, "-inf at row 0, column 1"),
    (checks.labels, ([0, 1, -1],), {}, "be whole and not negative, but is -1 at row 2"),
    (checks.labels, ([0, 3, 1],), {"classes": 3}, "be 0 ... 2 for 3 classes, but is 3 at row 1"),
    (checks.labels, ([0.5, 1.0],), {}, "0.5 at row 0"),
    (checks.labels, ([1.0, np.nan],), {}, "nan at row 1"),
    (checks.labels, (["a"],), {}, "be integers, but is of dtype <U1"),
    (checks.keys, (keys(3)[jnp.array([0, 1, 0])],), {}, "3 keys of which 2 are distinct"),
    (checks.keys, (keys(3)[:0],), {}, "hold at least one key, but is empty"),
    (checks.keys, (jax.random.key(0),), {}, "be an array [seeds] of keys"),
]

ACCEPTED = [
    (checks.integer, (1,), {}),
    (checks.integer, (np.int64(2),), {"least": 2}),
    (checks.integer, (0,), {"least": 0}),
    (checks.positive, (1e-9,), {}),
    (checks.positive, (np.array([1, 2]),), {}),
    (checks.positive, (jnp.float32(3),), {}),
    (checks.fraction, (0,), {}),
    (checks.fraction, (1.0,), {}),
    (checks.fraction, (np.linspace(0, 1, 5),), {}),
    (checks.one_of, ("a", ("a", "b")), {}),
    (checks.one_of, ("b", ("a", "b")), {}),
    (checks.one_of, (None, (None,)), {}),
    (checks.rank, (np.zeros((3, 1)), 2, "[N, D]"), {}),
    (checks.rank, ([1, 2], 1, "[N]"), {}),
    (checks.rank, (3.0, 0, "[]"), {}),
    (checks.numbers, (np.zeros(2),), {}),
    (checks.numbers, (jnp.zeros(2, jnp.bfloat16),), {}),
    (checks.numbers, (np.array([True]),), {}),
    (checks.finite_rows, (ROWS[:1],), {}),
    (checks.finite_rows, (np.zeros((0, 3)),), {}),
    (checks.finite_rows, (jnp.ones((2, 2), jnp.bfloat16),), {}),
    (checks.labels, ([0, 1, 2],), {"classes": 3}),
    (checks.labels, ([0.0, 7.0],), {}),
    (checks.labels, (np.array([0, 1], np.uint8),), {"classes": 2}),
    (checks.keys, (keys(3),), {}),
    (checks.keys, (keys(1),), {}),
    (checks.keys, (np.asarray(jax.random.key_data(keys(4))),), {}),
]


@pytest.mark.parametrize(("check", "value", "options", "message"), REFUSED)
def test_refused_by_name(check, value, options, message):
    with pytest.raises(ValueError, match="^Argument `thing` must " + ".*" + re.escape(message)):
        check("thing", *value, **options)


@pytest.mark.parametrize(("check", "value", "options"), ACCEPTED)
def test_accepted(check, value, options):
    assert check("thing", *value, **options) is None


@pytest.mark.parametrize("check", [checks.positive, checks.fraction, checks.finite_rows, checks.labels])
def test_tracers_pass(check):
    def traced(value):
        assert checks.is_traced({"leaf": value})
        check("thing", value)
        return value

    jax.jit(traced)(jnp.full((2, 2), jnp.nan))


def test_a_tracer_anywhere_counts():
    assert not checks.is_traced(1.0, [jnp.ones(2), None])
    jax.vmap(lambda value: [] if checks.is_traced(1.0, [value]) else pytest.fail("not traced"))(jnp.ones(2))


def test_the_cure_follows_the_complaint():
    with pytest.raises(ValueError, match=r"^Argument `a` must be b, but is c\. Do d\.$"):
        checks.require(False, "a", "be b", "c", "Do d.")
    with pytest.raises(ValueError, match=r"^Argument `a` must be b, but is c\.$"):
        checks.require(False, "a", "be b", "c")
    checks.require(True, "a", "be b", "c")


def test_an_error_is_returned_for_the_caller_to_raise():
    error = checks.error("a", "be b", "c", "Do d.")
    assert isinstance(error, ValueError)
    assert str(error) == "Argument `a` must be b, but is c. Do d."
    assert str(checks.error("a", "be b", "c")) == "Argument `a` must be b, but is c."
