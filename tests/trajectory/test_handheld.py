"""Handheld: exact amounts, its band, its fades, and nothing but seconds and the seed."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.shotlist.model import Handheld, Hold
from ex4d.trajectory import handheld
from tests.trajectory.shots import at, compiled, item, law, positions, same, scene, shot

GOLDEN = (
    -0.008266473971014631,
    -0.011699064872619742,
    -0.007232439065092757,
    0.005187214030573337,
    0.008646612663714899,
    0.0031230139936544482,
)
STATED = np.array([math.radians(1), math.radians(1), math.radians(0.5), 0.01, 0.01, 0.005])


@settings(law, max_examples=8)
@given(st.integers(0, 2**40), st.floats(0.5, 4.0))
def test_root_mean_squares_are_the_stated_ones(seed, frequency):
    """Over an hour; what is left is the slow beat of neighbouring sines."""
    rms = np.sqrt(np.mean(np.square(handheld.shake(70_000, 19.3, frequency, seed)), axis=0))

    np.testing.assert_allclose(rms, STATED, rtol=5e-3)


@law
@given(st.integers(0, 1000), st.floats(0.2, 10.0))
def test_all_energy_lies_within_a_third_and_three_times_the_frequency(seed, frequency):
    """Projecting onto the 32 frequencies of the band leaves nothing."""
    band = handheld.frequencies(frequency)
    seconds = np.arange(4000) / (100.0 * frequency)
    angles = 2 * math.pi * seconds[:, None] * band
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    shake = handheld.shake(4000, 100.0 * frequency, frequency, seed)
    left = shake - waves @ np.linalg.lstsq(waves, shake, rcond=None)[0]

    assert len(band) == 32
    assert frequency / 3 < band.min()
    assert band.max() < frequency * 3
    assert np.abs(left).max() < 1e-12


def test_phases_come_from_sha256_alone():
    """A golden of one moment; a change of any library must not move it, and a change of ours is a new version."""
    found = handheld.shake(25, 24.0, 1.5, 7)[24]

    np.testing.assert_allclose(found, GOLDEN, atol=1e-13)


@law
@given(st.sampled_from([Fraction(12), Fraction(24), Fraction(30000, 1001), Fraction(48)]), st.integers(0, 99))
def test_the_frame_rate_does_not_change_the_shake(rate, seed):
    """Frames at the same second have the same camera."""
    move = Handheld(seed=seed)
    base = compiled(move, place=scene(frames=int(2 * rate) + 1, rate=rate))
    double = compiled(move, place=scene(frames=2 * (int(2 * rate) + 1), rate=2 * rate))

    np.testing.assert_allclose(base.world_from_camera, double.world_from_camera[::2], atol=1e-13)


def test_it_fades_in_over_half_a_second_and_never_out():
    path = compiled(Handheld(seed=1), place=scene(frames=240))
    faded = handheld.shake(240, 24.0, 1.5, 1)[:, 3]
    ratio = positions(path)[:, 0] / faded

    assert np.array_equal(path.world_from_camera[0], np.eye(4))
    assert np.all(np.diff(ratio[:13]) > 0)
    np.testing.assert_allclose(ratio[12:], 1.0, rtol=1e-9)


def test_in_a_short_shot_it_fades_in_over_a_quarter():
    ratio = positions(compiled(Handheld(seed=1), place=scene(frames=24)))[:, 0]
    full = handheld.shake(24, 24.0, 1.5, 1)[:, 3]

    np.testing.assert_allclose(ratio[6:], full[6:], atol=1e-15)
    assert abs(ratio[5]) < abs(full[5])


def test_settle_ends_at_rest():
    path = compiled(Handheld(seed=1, settle=Fraction(1, 2)), place=scene(frames=97))

    assert np.array_equal(path.world_from_camera[-1], np.eye(4))
    assert not np.allclose(path.world_from_camera[-12], np.eye(4), atol=1e-5)


def test_settle_changes_nothing_until_it_begins():
    """It fades in as without, and shakes on as without, up to half a second before the end."""
    moves = (Handheld(seed=1, settle=settle) for settle in (Fraction(1, 2), None))
    settled, on = (compiled(move, place=scene(frames=97)) for move in moves)

    np.testing.assert_array_equal(settled.world_from_camera[:85], on.world_from_camera[:85])
    assert not np.array_equal(settled.world_from_camera[85], on.world_from_camera[85])


def test_in_a_window_it_begins_there_and_goes_on():
    path = compiled(item(Handheld(seed=1), 50, 75), place=scene(frames=97))

    assert np.array_equal(path.world_from_camera[:49], np.broadcast_to(np.eye(4), (49, 4, 4)))
    assert np.abs(positions(path)[-20:]).max() > 1e-3


@law
@given(st.floats(0.0, 3.0))
def test_amount_scales_every_axis(amount):
    once, scaled = (positions(compiled(Handheld(seed=3, amount=size))) for size in (1.0, amount))

    np.testing.assert_allclose(scaled, amount * once, atol=1e-15)


def test_the_seed_is_the_shots_name_unless_written():
    named = compiled(Handheld(), name="swing")

    same(named, compiled(Handheld(seed=handheld.seed_of("swing"))), tolerance=0)
    with pytest.raises(AssertionError):
        same(named, compiled(Handheld(), name="swong"))


def test_several_without_a_seed_shake_apart_in_any_order():
    """Two hands at once are not one hand shaking twice as far."""
    weak, strong = Handheld(amount=0.4), Handheld(amount=0.6)
    both = compiled(weak, strong)

    assert sorted(handheld.seeds_of(shot(weak, strong)).values()) == sorted(map(handheld.seed_of, ("test", "test/2")))
    with pytest.raises(AssertionError):
        same(both, compiled(Handheld(amount=1.0)))
    same(both, compiled(strong, weak), tolerance=0)
    same(both, compiled(Hold(), strong, Handheld(amount=0.0), weak, Handheld(amount=0.0)), tolerance=0)


def test_seconds_of_the_window_are_the_shots():
    by_seconds = Handheld(seed=1)
    place = scene(frames=97)
    window = item(by_seconds).model_copy(update={"at": item(by_seconds, 50, 100).at.model_copy(
        update={"start": at(2, "s"), "end": at(97, "f")})})  # fmt: skip

    same(compiled(window, place=place), compiled(item(by_seconds, 50, 100), place=place), tolerance=0)
