"""The figures of depth are those of all its numbers, and mean what their names say."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.probe import probe
from ex4d.reconstruction.depth_figures import DepthFigures, FigureCounter, hidden_share, sampled
from ex4d.reconstruction.depth_file import open_depth_file
from ex4d.shotlist.model import DepthFile
from tests.shared_data import shared_data

SIZE = (40, 30)
LENS = Pinhole(*SIZE, 36.0, (20.0, 15.0))


def figures(depth, known=None, metric=True, lens=LENS):
    counter = FigureCounter(len(depth), lens, metric)
    for index, frame in enumerate(depth):
        counter.add(frame, frame > 0 if known is None else known[index])
    return counter.figures()


def wall(*distances):
    """Frames of a wall across the view, one a distance."""
    return np.broadcast_to(np.array(distances, np.float32)[:, None, None], (len(distances), *SIZE[::-1]))


def test_depths_and_what_is_known_are_of_all_frames_at_once():
    depth = np.random.default_rng(4).lognormal(1, 1, (5, *SIZE[::-1])).astype(np.float32)
    known = np.random.default_rng(5).uniform(size=depth.shape) < 0.7
    found, ordered = figures(depth, known), np.sort(depth[known])
    assert (found.nearest, found.farthest) == (ordered[0], ordered[-1])
    for value, share in ((found.first_percentile, 0.01), (found.median, 0.5), (found.last_percentile, 0.99)):
        assert value == pytest.approx(ordered[int(share * len(ordered))], rel=1e-3)
    assert found.known_share == known.mean()


@pytest.mark.parametrize("factor", [1.25, 0.8])
def test_a_wall_whose_scale_jumps_is_as_unsteady_as_it_jumps(factor):
    """Up or down by the same factor is the same."""
    assert figures(wall(*(factor**k for k in range(6)))).unsteadiness == pytest.approx(0.25, rel=1e-5)


def test_unsteadiness_is_the_middle_change_and_of_what_both_frames_know():
    depth = wall(1, 1.02, 1.02, 5, 5.1).copy()  # changes by 2, 0, 390 and 2 percent
    assert figures(depth).unsteadiness == pytest.approx(0.02, rel=1e-4)
    pair = wall(1, 1.1).copy()
    pair[1, :, :12] = 9
    assert figures(pair).unsteadiness == pytest.approx(0.1, rel=1e-5)
    known = np.ones(pair.shape, bool)
    known[0, :, 12:] = False
    assert figures(pair, known).unsteadiness == pytest.approx(8, rel=1e-5)


def test_a_still_clip_is_steady_and_a_single_frame_has_no_change():
    assert figures(wall(3, 3, 3)).unsteadiness == 0
    assert figures(wall(3)).unsteadiness is None


def test_frames_that_know_nothing_in_common_are_not_compared():
    known = np.zeros((2, *SIZE[::-1]), bool)
    known[0, :, :20] = known[1, :, 20:] = True
    assert figures(wall(1, 2), known).unsteadiness is None


def test_a_wall_hides_nothing_and_an_edge_hides_its_column_of_faces():
    assert hidden_share(wall(3)[0], wall(3)[0] > 0, LENS) == 0
    depth = wall(1)[0].copy()
    depth[:, 20:] = 100
    columns = SIZE[0] - 1 - 2
    assert hidden_share(depth, depth > 0, LENS) == pytest.approx(1 / columns)


def test_hidden_faces_are_the_mean_over_the_frames_that_are_looked_at():
    depth = wall(*[1.0] * 20).copy()
    depth[10:, :, 20:] = 100
    looked_at = sorted(sampled(20))
    expected = sum(index >= 10 for index in looked_at) / len(looked_at) / (SIZE[0] - 3)
    assert figures(depth).hidden_share == pytest.approx(expected)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 10_000))
def test_frames_are_sampled_from_the_first_to_the_last(count):
    found = sorted(sampled(count))
    assert len(found) == min(count, 9)
    assert (found[0], found[-1]) == (0, count - 1)
    assert all(abs(gap - (count - 1) / 8) <= 1 for gap in np.diff(found)) or count < 9


def test_frames_too_small_for_a_face_have_none_to_hide():
    lens = Pinhole(3, 3, 3.0, (1.5, 1.5))
    assert figures(np.ones((2, 3, 3), np.float32), lens=lens).hidden_share is None


def test_a_frame_of_which_nothing_is_known_is_refused():
    with pytest.raises(ReconstructionError, match="no depth is known"):
        figures(wall(0))


def test_what_is_unknown_does_not_count_whatever_it_holds():
    depth = wall(2, 2).copy()
    depth[:, 3, 4] = [np.nan, np.inf]
    known = np.isfinite(depth)
    found = figures(depth, known)
    assert (found.nearest, found.farthest, found.unsteadiness, found.hidden_share) == (2, 2, 0, 0)


def test_the_figures_are_json_and_a_line():
    found = DepthFigures(True, 0.5, 0.6, 2.0, 7.5, 9.25, 0.912, 0.0314, 0.0042)
    assert json.loads(json.dumps(found.as_json())) == {
        "unit": "m", "nearest": 0.5, "first_percentile": 0.6, "median": 2.0, "last_percentile": 7.5, "farthest": 9.25,
        "known_share": 0.912, "hidden_share": 0.0314, "unsteadiness": 0.0042,
    }  # fmt: skip
    assert str(found) == (
        "depth 0.5 to 9.25 m, median 2, 98 % of it 0.6 to 7.5; 91.2% known; 3.14% of faces hidden; "
        "scale changes 0.42% a frame"
    )
    plain = DepthFigures(False, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, None, None)
    assert str(plain) == "depth 1 to 1 (a unit of its own), median 1, 98 % of it 1 to 1; 100.0% known"
    assert plain.as_json()["unit"] == "relative"


def test_real_depth_is_steady_and_has_edges():
    clip = probe(shared_data("redkitchen") / "*.rgb.jpg", Fraction(6))
    file = DepthFile(file=shared_data("redkitchen") / "*.depth.png", unit="mm", unknown=0)
    depth = open_depth_file(file, clip)
    counter = FigureCounter(6, Pinhole(640, 480, 585.0, (320.0, 240.0)), depth.metric)
    for frame in depth.frames(range(6)):
        counter.add(*frame)
    found = counter.figures()
    assert found.hidden_share is not None
    assert 0.005 < found.hidden_share < 0.1
    assert found.unsteadiness is not None
    assert found.unsteadiness < 0.01
