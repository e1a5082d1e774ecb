"""Which faces of a mesh show nothing: by which tests, and what they found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ex4d.array_types import Bool

Faces = Bool[np.ndarray, "2 rows columns"]
Vertices = Bool[np.ndarray, "height width"]


@dataclass(frozen=True)
class HidingTests:
    """What hides a face: failing any test that is not None, or touching what is never shown."""

    min_angle: float | None
    """Radians."""
    steepness: float | None
    """Depth extent over the larger lateral extent."""
    longest: float | None
    """Depth extent, units of depth."""
    ratio: float | None
    """Farthest over nearest corner."""
    border: bool
    """Whether every face that reaches the border is hidden."""
    known: Bool[np.ndarray, "height width"] | None
    """Where given, every face with a corner that is not known is hidden."""


class Hiding:
    """What is hidden of a mesh: found when it is first asked for, and kept; threads that ask at once may both find it.

    A rasterizer that runs the tests itself, where its mesh lies, never asks.
    """

    def __init__(
        self, find: Callable[[], Faces], spread: Callable[[Faces], Vertices], tests: HidingTests | None = None
    ) -> None:
        self._find = find
        self._spread = spread
        self.tests = tests
        """None where what is hidden is not the outcome of tests."""

    @classmethod
    def given(cls, faces: Faces, vertices: Vertices) -> Hiding:
        """Return what is hidden as it is given."""
        return cls(lambda: faces, lambda _: vertices)

    @classmethod
    def nothing(cls, height: int, width: int) -> Hiding:
        """Return the hiding of a mesh of so many vertices that shows every face."""
        return cls.given(np.zeros((2, height - 1, width - 1), np.bool_), np.zeros((height, width), np.bool_))

    @cached_property
    def faces(self) -> Faces:
        """Faces that show nothing: [0] the top-left triangle of each block, [1] the bottom-right one."""
        return self._find()

    @cached_property
    def vertices(self) -> Vertices:
        """Vertices of hidden faces."""
        return self._spread(self.faces)
