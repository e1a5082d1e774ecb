"""The measures of the true test, where the truth is made up and so known to the pixel."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.rasterizer import RenderedFrame
from ex4d.render.reference_rasterizer import ReferenceRasterizer
from tests.bench.true_views import Difference, Errors, Measures, Photograph, Truth
from tests.shared_data import shared_data

LENS = Pinhole(24, 16, 20.0, (12.0, 8.0))
HERE = np.eye(4)
WALL = 2.0
MASKS = [each.name for each in fields(Errors)]


def wall(**changes: np.ndarray) -> Photograph:
    """Return a wall across the view, every pixel of another colour."""
    rng = np.random.default_rng(7)
    colour = rng.integers(0, 256, (LENS.height, LENS.width, 3)).astype(np.uint8)
    depth = np.full(colour.shape[:2], WALL, np.float32)
    return replace(Photograph(colour, depth, np.ones(depth.shape, np.bool_), LENS), **changes)


def shown(photograph: Photograph) -> RenderedFrame:
    return RenderedFrame(photograph.colour, np.ones(photograph.depth.shape, np.bool_), photograph.depth)


def patch(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    marked = np.zeros((LENS.height, LENS.width), np.bool_)
    marked[top:bottom, left:right] = True
    return marked


def sideways(pixels: float) -> np.ndarray:
    """Return a camera moved along x so that the wall moves by so many pixels."""
    pose = np.eye(4)
    pose[0, 3] = pixels * WALL / LENS.focal_px
    return pose


def assert_only(errors: Errors, **expected: np.ndarray) -> None:
    for name in MASKS:
        np.testing.assert_array_equal(getattr(errors, name), expected.get(name, patch(0, 0, 0, 0)), err_msg=name)


def test_a_photograph_against_itself_is_perfect() -> None:
    """Its mesh rendered where it was taken, unknown depth included."""
    known = ~patch(3, 3, 6, 9)
    same = wall(known=known)
    mesh = build_mesh(same.colour, same.depth, LENS)
    frame = ReferenceRasterizer().render(mesh, HERE, LENS)
    truth = Truth.between(same, same, HERE)
    inner = patch(1, 1, LENS.height - 1, LENS.width - 1)

    np.testing.assert_array_equal(truth.seen, known)
    measures = Measures.of(frame, truth, frame.visible)
    assert measures.psnr == measures.common == np.inf
    assert measures.depth == measures.wrong == 0
    assert measures.recall == measures.overlap == measures.score == (inner & known).sum() / known.sum()
    assert np.isnan(measures.filled)


def test_what_stands_before_the_wall_in_the_view_alone_is_wrongly_near() -> None:
    ghost, blank = patch(4, 5, 9, 8), patch(0, 0, 2, 2)
    photograph = wall()
    frame = shown(wall(depth=np.where(ghost, WALL / 1.06, WALL).astype(np.float32)))
    truth = Truth.between(photograph, photograph, HERE)

    assert_only(Errors.of(frame, truth), nearer=ghost, right=~ghost)
    unsure = Truth.between(wall(known=~blank), photograph, HERE)
    measures = Measures.of(frame, unsure, frame.visible)
    assert measures.nearer == measures.wrong == ghost.sum() / ghost.size
    assert measures.farther == measures.unseen == 0


def test_what_stands_before_the_wall_in_truth_alone_makes_the_wall_wrongly_far() -> None:
    """The occluder came between the photographs: A measured the wall there, so it never saw the occluder."""
    occluder = patch(4, 5, 9, 8)
    target = wall(depth=np.where(occluder, WALL / 2, WALL).astype(np.float32))
    truth = Truth.between(wall(), target, HERE)

    assert_only(Errors.of(shown(wall()), truth), farther=occluder, right=~occluder)
    np.testing.assert_array_equal(truth.unseen, occluder)


def test_the_tolerance_parts_one_surface_from_another() -> None:
    raised = patch(4, 5, 9, 8)
    frame = shown(wall(depth=np.where(raised, WALL * 1.04, WALL).astype(np.float32)))
    truth = Truth.between(wall(), wall(), HERE)

    assert_only(Errors.of(frame, truth, 0.05), right=~patch(0, 0, 0, 0))
    assert_only(Errors.of(frame, truth, 0.03), farther=raised, right=~raised)
    everywhere = shown(wall(depth=np.full(raised.shape, WALL * 1.03, np.float32)))
    assert Measures.of(everywhere, truth, everywhere.visible).depth == pytest.approx(0.03, rel=1e-5)


def test_the_wall_beside_the_first_frame_was_never_seen() -> None:
    """A camera three pixels to the right sees three columns that the first one did not, and shows them all the same."""
    beyond = patch(0, LENS.width - 3, LENS.height, LENS.width)
    truth = Truth.between(wall(), wall(), sideways(3))

    np.testing.assert_array_equal(truth.seen, ~beyond)
    errors = Errors.of(shown(wall()), truth)
    assert_only(errors, unseen=beyond, right=~beyond)
    np.testing.assert_array_equal(errors.wrong, beyond)
    last = patch(0, LENS.width - 1, LENS.height, LENS.width)
    np.testing.assert_array_equal(errors.firm(shown(wall()), truth), last)
    measures = Measures.of(shown(wall()), truth, errors.right)
    assert measures.unseen == measures.wrong == beyond.sum() / beyond.size
    assert measures.firm == last.sum() / last.size
    assert measures.nearer == measures.farther == 0


@pytest.mark.parametrize("pixels", [-0.4, 0.4])
def test_a_pixel_is_looked_up_by_its_centre(pixels: float) -> None:
    """Less than half a pixel beside itself it still falls into itself, at both ends of a row."""
    assert Truth.between(wall(), wall(), sideways(pixels)).seen.all()


def test_what_lies_behind_the_first_camera_was_never_seen() -> None:
    """A camera that looks the other way, from a place where all that it sees would project into the first frame."""
    back = np.diag([-1.0, 1.0, -1.0, 1.0])
    for known in (wall().known, ~wall().known):
        assert Truth.between(wall(known=known), wall(), back).unseen.all()


def test_what_lies_beside_the_first_frame_is_unseen_whatever_that_did_not_measure() -> None:
    truth = Truth.between(wall(known=~patch(0, 0, 4, 4)), wall(), sideways(3))
    np.testing.assert_array_equal(truth.undecided, patch(0, 0, 4, 1))
    assert ((truth.seen.astype(int) + truth.unseen + truth.undecided) == 1).all()


def test_what_is_not_shown_is_missed_only_where_it_was_seen() -> None:
    beyond = patch(0, LENS.width - 3, LENS.height, LENS.width)
    hidden = patch(2, LENS.width - 6, 5, LENS.width)
    truth = Truth.between(wall(), wall(), sideways(3))
    frame = replace(shown(wall()), visible=~hidden)

    errors = Errors.of(frame, truth)
    assert_only(errors, missed=hidden & ~beyond, unseen=beyond & ~hidden, right=~beyond & ~hidden)
    measures = Measures.of(frame, truth, frame.visible)
    assert measures.recall == 1 - 9 / (~beyond).sum()
    assert measures.overlap == (~beyond & ~hidden).sum() / (hidden.size - 9)


def test_what_the_first_frame_did_not_measure_is_neither_seen_nor_unseen() -> None:
    """The same on the second photograph is nothing at all; what is shown there at the true depth was filled well."""
    blank, other = patch(4, 5, 9, 8), patch(10, 10, 12, 12)
    truth = Truth.between(wall(known=~blank), wall(known=~other), HERE)

    np.testing.assert_array_equal(truth.undecided, blank)
    np.testing.assert_array_equal(truth.seen | truth.undecided, ~other)
    good = blank & patch(0, 0, 6, LENS.width)
    frame = shown(wall(depth=np.where(blank & ~good, 2 * WALL, WALL).astype(np.float32)))
    assert_only(Errors.of(frame, truth), farther=blank & ~good, right=~other & ~(blank & ~good))
    measures = Measures.of(frame, truth, frame.visible)
    assert measures.filled == good.sum() / blank.sum()
    assert measures.overlap == 1


def test_exposure_is_forgiven_by_a_gain_alone() -> None:
    dark = wall()
    bright = wall(colour=(dark.colour // 2 * 2).astype(np.uint8))
    half = replace(shown(dark), colour=dark.colour // 2)
    measures = Measures.of(half, Truth.between(bright, bright, HERE), half.visible)

    assert measures.psnr < 15
    assert measures.gained > 300


def test_hiding_the_worst_pixels_raises_the_psnr_and_not_that_on_common_ones() -> None:
    noisy = patch(4, 5, 9, 8)
    truth = Truth.between(wall(), wall(), HERE)
    everything = replace(shown(wall()), colour=np.where(noisy[..., None], 0, wall().colour // 2 * 2).astype(np.uint8))
    modest = replace(everything, visible=~noisy)
    common = everything.visible & modest.visible

    all_shown, hidden = (Measures.of(frame, truth, common) for frame in (everything, modest))
    assert hidden.psnr > all_shown.psnr
    assert hidden.common == all_shown.common == hidden.psnr
    assert hidden.recall < all_shown.recall
    assert np.isnan(Measures.of(modest, truth, everything.visible).common)


def test_an_edge_misplaced_by_two_pixels_is_excused_and_a_pixel_more_is_not() -> None:
    """The occluder is shown moved; the wall that it uncovers is shown as a hole."""
    source = wall(depth=np.where(patch(4, 5, 9, 8), WALL / 2, WALL).astype(np.float32))
    truth = Truth.between(source, source, HERE)
    none = patch(0, 0, 0, 0)
    for moved, firm in ((2, none), (3, patch(4, 10, 9, 11)), (-2, none), (-3, patch(4, 2, 9, 3))):
        ghost = patch(4, 5 + moved, 9, 8 + moved)
        frame = shown(wall(depth=np.where(ghost, WALL / 2, WALL).astype(np.float32)))
        frame = replace(frame, visible=~(patch(4, 5, 9, 8) & ~ghost))
        errors = Errors.of(frame, truth)
        np.testing.assert_array_equal(errors.wrong, ghost & ~patch(4, 5, 9, 8))
        np.testing.assert_array_equal(errors.firm(frame, truth), firm)


def test_a_difference_counts_what_one_view_alone_shows() -> None:
    ghost, alone = patch(4, 5, 9, 8), patch(4, 6, 9, 12)
    target = wall(known=~patch(0, 0, 5, LENS.width))
    truth = Truth.between(wall(), target, HERE)
    colour = np.where(ghost[..., None], target.colour ^ 16, target.colour).astype(np.uint8)
    frame = replace(shown(wall(depth=np.where(ghost, WALL / 2, WALL).astype(np.float32))), colour=colour)
    other = replace(frame, visible=~alone)

    filled = np.where(alone[..., None], target.colour ^ 1, target.colour).astype(np.uint8)
    found = Difference.of(frame, other, filled, truth)
    assert (found.pixels, found.known, found.wrong) == (30, 24, 8)
    assert found.squares == 10 * 16**2
    assert found.filled_squares == 30
    assert Difference.of(other, frame, filled, truth) == Difference()
    assert found + found == Difference(60, 48, 16, 20 * 16**2, 60)
    assert found.filled_psnr == pytest.approx(10 * np.log10(255**2))
    assert found.psnr == pytest.approx(10 * np.log10(255**2 * 3 / 16**2))


@pytest.mark.parametrize("pair", [(0, 70), (60, 130)])
def test_real_views_are_as_true_as_they_were(pair: tuple[int, int]) -> None:
    """Kinect frames at the true camera of another keep within loose bounds."""
    shared_data("redkitchen")
    pytest.importorskip("cv2", reason="needs the bench extra")
    from tests.bench.bench_true_views import Pair, measured, views_of

    compared = Pair.of(pair)
    (measures,) = measured(compared, views_of(compared, ["face, angle 2.5"]))
    assert measures.recall > 0.95
    assert measures.wrong < 0.05
    assert measures.depth < 0.02
