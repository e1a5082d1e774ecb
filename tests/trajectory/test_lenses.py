"""Zooms and dolly-zooms, measured from outside."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import (
    Dolly,
    DollyZoom,
    Ease,
    Handheld,
    LensSpec,
    LookAt,
    Orbit,
    Pan,
    Pedestal,
    Roll,
    Source,
    Subject,
    Tilt,
    Truck,
    Zoom,
)
from tests.trajectory.shots import (
    DISTANCES,
    FRAMES,
    LENS,
    LIFTS,
    OFF_CENTER,
    TRACKS,
    TURNS,
    cameras,
    compiled,
    drafts,
    in_camera,
    item,
    items,
    law,
    scene,
    windows,
)


def shown_length(path, point):
    """Pixels that a segment at a point, parallel to the image and a tenth of a subject distance long, takes up."""
    right = path.world_from_camera[:, :3, 0]
    first, second = point - 0.05 * right, point + 0.05 * right
    ends = [np.einsum("fji,fj->fi", path.world_from_camera[:, :3, :3], end - path.world_from_camera[:, :3, 3])
            for end in (first, second)]  # fmt: skip
    pixels = [end[:, :2] / end[:, 2:] * (path.scene.lens.focal_px * path.lens_factor)[:, None] for end in ends]
    return np.linalg.norm(pixels[1] - pixels[0], axis=1)


@law
@given(st.floats(-3.0, 0.94), st.sampled_from([(0.0, 0.0, 1.0), OFF_CENTER]))
def test_a_dolly_zoom_keeps_the_subjects_size(distance, pivot):
    path = compiled(DollyZoom(distance=distance), place=scene(pivot=pivot))
    length = shown_length(path, np.array(pivot))

    np.testing.assert_allclose(length, length[0], rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(path.lens_factor, in_camera(path, pivot)[:, 2], rtol=1e-14)


@law
@given(windows(), st.floats(-0.5, 0.4), st.lists(items(st.one_of(TURNS, TRACKS)), max_size=4), st.floats(-0.5, 0.5))
def test_a_dolly_zoom_changes_no_size_whatever_else_moves(when, distance, others, orbit):
    """While it runs, the subject is as large as where the camera would be without the dolly."""
    still = [item(Orbit(right=orbit, up=0.2)), *others]
    push = item(DollyZoom(distance=distance)).model_copy(update={"at": when})
    path, without = compiled(*still, push), compiled(*still)
    within = slice(0, math.floor(0.24 * float(when.end.value)) + 1)
    pivot = np.array([0.0, 0.0, 1.0])

    np.testing.assert_allclose(shown_length(path, pivot)[within], shown_length(without, pivot)[within], rtol=1e-9)


AIMED = st.one_of(TURNS, LIFTS, drafts(LookAt, target=st.just(Subject()), weight=st.floats(0.0, 1.0), frame=FRAMES))


@settings(law, max_examples=20)
@given(windows(), st.floats(-0.4, 0.3), st.lists(items(AIMED), max_size=4), DISTANCES)
def test_not_even_where_the_head_turns_as_it_carries_the_camera(when, distance, others, sideways):
    """Cranes and look-ats aim the head by where it stands: it is as large as where it would look without the dolly."""
    still = [Truck(distance=sideways), *others]
    push = item(DollyZoom(distance=distance)).model_copy(update={"at": when})
    within = slice(0, math.floor(0.24 * float(when.end.value)) + 1)
    try:
        path, without = (compiled(*moves, place=scene(pivot=OFF_CENTER)) for moves in ([*still, push], still))
    except TrajectoryError:
        return
    shown, alone = (shown_length(each, np.array(OFF_CENTER))[within] for each in (path, without))

    np.testing.assert_allclose(shown, alone, rtol=1e-9)


def test_dolly_zooms_one_after_another_and_at_once_keep_the_size():
    pushes = item(DollyZoom(distance=0.3), 0, 50), item(DollyZoom(distance=-0.2), 30, 80), DollyZoom(distance=0.1)
    length = shown_length(compiled(*pushes), np.array([0.0, 0.0, 1.0]))

    np.testing.assert_allclose(length, length[0], rtol=1e-12)


def test_after_a_dolly_zoom_the_lens_stays():
    """A later dolly makes the subject larger: the dolly-zoom has ended and changes nothing any more."""
    path = compiled(item(DollyZoom(distance=0.3), 0, 40), item(Dolly(distance=0.3), 50, 100))

    np.testing.assert_allclose(path.lens_factor[10:], 0.7, rtol=1e-14)


@pytest.mark.parametrize("distance", [0.951, 1.0, 1.5])
def test_a_dolly_zoom_may_not_come_nearer_than_a_twentieth(distance):
    with pytest.raises(TrajectoryError, match=r"shot 'test', frame \d+: the dolly-zoom .* dolly less"):
        compiled(DollyZoom(distance=distance))


def test_of_several_dolly_zooms_the_one_at_fault_is_told():
    with pytest.raises(TrajectoryError, match="of its first distance; it may come to 5%") as found:
        compiled(item(DollyZoom(distance=0.1), 0, 40), Pan(angle=0.1), item(DollyZoom(distance=0.9), 50, 100))
    assert found.value.part == 2


def test_a_dolly_zoom_on_what_is_behind_the_camera_is_refused():
    with pytest.raises(TrajectoryError, match="behind the camera"):
        compiled(item(Pan(angle=math.pi), 0, 20), item(DollyZoom(distance=0.2), 30, 100))


@law
@given(st.floats(0.4, 3.0), st.floats(0.4, 3.0))
def test_magnification_of_zooms_grows_evenly_and_multiplies(first, second):
    even = Ease(kind="linear")
    path = compiled(item(Zoom(factor=first), ease=even), item(Zoom(factor=second), ease=even))

    np.testing.assert_allclose(np.log(path.lens_factor), np.linspace(0, math.log(first * second), 25), atol=1e-14)


def test_absolute_zooms_hold_both_ends_outside_their_window():
    source = Source(video="clip.mp4", lens=LensSpec(kind="mm", value=50.0))
    move = Zoom(start=LensSpec(kind="mm", value=35.0), end=LensSpec(kind="mm", value=70.0))
    path = compiled(item(move, 25, 75), source=source)

    np.testing.assert_allclose(path.lens_factor[:7], 0.7)
    np.testing.assert_allclose(path.lens_factor[18:], 1.4)
    assert path.lens_factor[12] == pytest.approx(0.7 * math.sqrt(2))


def test_an_open_zoom_begins_at_the_sources_lens():
    narrow = math.radians(30.0)
    path = compiled(Zoom(end=LensSpec(kind="angle", value=narrow)))

    assert path.lens_factor[0] == 1.0
    assert path.lens_factor[-1] == pytest.approx(math.tan(math.radians(27.0)) / math.tan(narrow / 2))


def test_pixels_compare_with_a_source_in_pixels_only():
    move = Zoom(end=LensSpec(kind="px", value=1000.0))
    source = Source(video="clip.mp4", lens=LensSpec(kind="px", value=500.0))

    assert compiled(move, source=source).lens_factor[-1] == pytest.approx(2.0)
    with pytest.raises(TrajectoryError, match="in mm or deg"):
        compiled(move)


@pytest.mark.parametrize("factor", [0.1, 60.0])
def test_angles_that_no_lens_sees_are_refused(factor):
    with pytest.raises(TrajectoryError, match="2deg to 150deg"):
        compiled(Zoom(factor=factor))


def test_a_zoom_moves_no_camera():
    path = compiled(Zoom(factor=2.0), Pedestal(distance=0.0), Truck(distance=0.0), Tilt(angle=0.0))

    assert np.array_equal(path.world_from_camera, np.broadcast_to(np.eye(4), (25, 4, 4)))


@law
@given(cameras())
def test_lenses_do_not_depend_on_shake_or_roll(camera):
    shaken = compiled(*camera, Handheld(), Roll(angle=0.3))

    np.testing.assert_allclose(shaken.lens_factor, compiled(*camera).lens_factor, rtol=1e-12)


@pytest.mark.parametrize("lens", [None, "auto", LensSpec(kind="px", value=900.0)])
def test_an_absolute_zoom_is_of_the_source_as_delivered_however_it_was_cropped(lens):
    """Its first end is the source's own lens: the shot begins without a jump."""
    place = scene(lens=LENS, delivered_focal=50 / 36)
    move = Zoom(start=LensSpec(kind="mm", value=50.0), end=LensSpec(kind="mm", value=100.0))
    path = compiled(move, source=Source(video="clip.mp4", lens=lens), place=place)

    np.testing.assert_allclose(path.lens_factor[[0, -1]], [1.0, 2.0])


def test_a_lens_that_has_not_changed_is_not_told_to_change_less():
    """The source alone is too wide: no zoom has begun."""
    wide = Source(video="clip.mp4", lens=LensSpec(kind="px", value=60.0))
    with pytest.raises(TrajectoryError, match=r"frame 0: .* the source's own lens is at fault"):
        compiled(item(Zoom(factor=2.0), 20, 40), source=wide, place=scene(lens=LENS.zoomed(0.1)))
