"""Paths of formulas."""

import math

import numpy as np
import pytest

from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import Ease, Formula, Path, Subject
from tests.trajectory.shots import compiled, in_frame, item, positions, rotations, same

S = np.linspace(0.0, 1.0, 25)


def path(**formulas):
    """A path with its formulas as text."""
    written = {name: Formula(text) if isinstance(text, str) else text for name, text in formulas.items()}
    return Path(**written)


def test_formulas_are_of_even_progress():
    found = compiled(path(right="0.3 * s ^ 2", up="0.1 * sin(pi * s)", inward="0.2 * s", lens="1 + s"))

    np.testing.assert_allclose(
        positions(found), np.stack([0.3 * S**2, -0.1 * np.sin(np.pi * S), 0.2 * S], 1), atol=1e-15
    )
    np.testing.assert_allclose(found.lens_factor, 1 + S, rtol=1e-15)


def test_turns_are_the_operators():
    found = compiled(path(pan="0.5 * s", tilt="0.2 * s", roll="0.1 * s")).world_from_camera[-1]

    np.testing.assert_allclose(
        found[:3, 2], [math.cos(0.2) * math.sin(0.5), -math.sin(0.2), math.cos(0.2) * math.cos(0.5)]
    )
    assert found[1, 0] > 0


def test_it_looks_at_its_target_and_turns_are_added():
    looking = path(right="0.3 * s", look_at=Subject())
    np.testing.assert_allclose(in_frame(compiled(looking), (0, 0, 1)), [[320, 240]] * 25, atol=1e-9)

    panned = rotations(compiled(looking.model_copy(update={"pan": Formula("0.2")})))[-1]
    turn = panned @ rotations(compiled(looking))[-1].T
    np.testing.assert_allclose(math.atan2(turn[0, 2], turn[2, 2]), 0.2)


def test_parameters_are_constants():
    same(compiled(path(right="a * s", parameters={"a": 0.25})), compiled(path(right="0.25 * s")), tolerance=0)


def test_constant_formulas_are_allowed():
    np.testing.assert_array_equal(positions(compiled(path(right="0.25"))), [[0.25, 0, 0]] * 25)


def test_windows_and_eases_reparametrise_it():
    found = compiled(item(path(right="s", up="s ^ 2"), 25, 75, Ease(kind="in", power=3)))
    s = np.clip((S - 0.25) / 0.5, 0, 1) ** 3

    np.testing.assert_allclose(positions(found)[:, :2], np.stack([s, -(s**2)], 1), atol=1e-15)


@pytest.mark.parametrize("formula", ["1 / (s - 0.5)", "sqrt(s - 0.5)", "log(s)", "exp(10000 * s)"])
def test_what_is_not_finite_names_s(formula):
    with pytest.raises(TrajectoryError, match=r"s = \d"):
        compiled(path(right=formula))


@pytest.mark.parametrize("lens", ["s", "0.5 - s", "0 - 1"])
def test_a_lens_must_stay_above_zero(lens):
    with pytest.raises(TrajectoryError, match="lens"):
        compiled(path(lens=lens))
