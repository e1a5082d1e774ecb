"""Where the subject is."""

import numpy as np
import pytest

from ex4d.errors import ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.subject import measure_subject
from ex4d.shotlist.model import Center, ImagePoint, Nearest, SubjectDepth

LENS = Pinhole(80, 60, 70.0, (38.0, 31.0))
ALL = np.ones((60, 80), bool)


def room():
    """A wall at 5 with a box of 12 x 10 pixels at 2 in its lower right."""
    depth = np.full((60, 80), 5, np.float32)
    depth[40:50, 60:72] = 2
    return depth


def test_the_middle_is_on_the_ray_of_the_middle():
    pivot, distance = measure_subject(room(), ALL, LENS, Center())
    assert (distance, pivot[2]) == (5, 1)
    assert np.allclose(LENS.project(np.array(pivot)), (40, 30))


def test_a_place_in_the_image_is_measured_there():
    pivot, distance = measure_subject(room(), ALL, LENS, ImagePoint(x=66 / 80, y=45 / 60))
    assert distance == 2
    assert np.allclose(LENS.project(np.array(pivot)), (66, 45))


def test_the_nearest_is_the_box():
    pivot, distance = measure_subject(room(), ALL, LENS, Nearest())
    assert distance == 2
    assert np.allclose(LENS.project(np.array(pivot)), (66, 45))


def test_specks_of_noise_are_not_the_nearest():
    depth = room()
    depth[3, 4] = 0.1
    assert measure_subject(depth, ALL, LENS, Nearest())[1] == 2


def test_a_stated_depth_is_taken_as_it_is():
    pivot, distance = measure_subject(room(), ~ALL, LENS, SubjectDepth(depth=2.7))
    assert distance == 2.7
    assert np.allclose(LENS.project(np.array(pivot)), (40, 30))


def test_the_square_is_five_percent_of_the_height_and_its_median_counts():
    depth = np.full((200, 300), 9, np.float32)
    depth[95:105, 145:155] = np.arange(1, 101, dtype=np.float32).reshape(10, 10)
    lens = Pinhole(300, 200, 250.0, (150.0, 100.0))
    assert measure_subject(depth, depth > 0, lens, Center())[1] == 50.5


def test_unknown_pixels_do_not_count():
    depth, known = room(), ALL.copy()
    known[28:31, 38:42] = False
    depth[~known] = 0
    assert measure_subject(depth, known, LENS, Center())[1] == 5
    known[:] = False
    for subject in (Center(), Nearest(), ImagePoint(x=0.5, y=0.6)):
        with pytest.raises(ReconstructionError, match=r"subject: \{depth: 2\.7\}"):
            measure_subject(depth, known, LENS, subject)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_the_corners_of_the_image_are_places_too(x, y):
    assert measure_subject(room(), ALL, LENS, ImagePoint(x=x, y=y))[1] == 5
