"""What is hidden is found when it is asked for, and once."""

import numpy as np

from ex4d.artifacts.hiding import Hiding


def test_nothing_is_found_before_it_is_asked_for_and_then_once():
    """Faces for faces; vertices from the faces that were found."""
    asked = []

    def find() -> np.ndarray:
        asked.append("faces")
        return np.ones((2, 2, 3), np.bool_)

    def spread(faces: np.ndarray) -> np.ndarray:
        asked.append("vertices")
        return np.full((3, 4), faces.all())

    hiding = Hiding(find, spread)
    assert asked == []
    assert hiding.vertices.all()
    assert hiding.faces is hiding.faces
    assert hiding.vertices is hiding.vertices
    assert asked == ["faces", "vertices"]


def test_a_mesh_that_hides_nothing_shows_every_face():
    """Of so many vertices."""
    hiding = Hiding.nothing(4, 6)

    assert hiding.faces.shape == (2, 3, 5)
    assert hiding.vertices.shape == (4, 6)
    assert not hiding.faces.any()
    assert not hiding.vertices.any()
    assert hiding.tests is None
