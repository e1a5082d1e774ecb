"""Shots and scenes to compile, and strategies that draw them."""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.scene import Scene
from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.model import (
    WHOLE_SHOT,
    CameraItem,
    Crane,
    Dolly,
    DollyZoom,
    Ease,
    Handheld,
    ImagePoint,
    LookAt,
    Orbit,
    Pan,
    Pedestal,
    Position,
    Roll,
    Rotation,
    Shot,
    Source,
    SpacePoint,
    Spline,
    SplineKey,
    Subject,
    Tilt,
    Truck,
    Window,
    Zoom,
)
from ex4d.trajectory.compiler import compile_shot

law = settings(derandomize=True, deadline=None, max_examples=40)
LENS = Pinhole.from_horizontal_angle(640, 480, math.radians(54.0))
SOURCE = Source(video="clip.mp4")
OFF_CENTER = (0.2, -0.1, 1.0)


def scene(frames=25, *, rate=24, pivot=(0.0, 0.0, 1.0), lens=LENS, **changes):
    """A scene of some frames."""
    rate = Fraction(rate)
    return Scene(lens, pivot, rate, Fraction(24), Fraction(frames) / rate, **changes)


def at(value, unit="%"):
    return Position(value=Fraction(value), unit=unit)


def window(start, end, unit="%", within=None):
    return Window(start=at(start, unit), end=at(end, unit), within=within)


def item(move, start=0, end=100, ease=None):
    return CameraItem(move=move, at=window(start, end), ease=ease)


class Draft(NamedTuple):
    """An item to be: strategies may not build moves, as type checks of their lists draw at random."""

    kind: type
    fields: dict
    at: Window = WHOLE_SHOT
    ease: Ease | None = None

    def built(self):
        fields = dict(self.fields)
        if self.kind is Spline:
            fields["keys"] = tuple(SplineKey(**key) for key in self.fields["keys"])
        return CameraItem(move=self.kind(**fields), at=self.at, ease=self.ease)


def _item(move):
    if isinstance(move, Draft):
        return move.built()
    return move if isinstance(move, CameraItem) else CameraItem(move=move)


def shot(*moves, name="test", **fields):
    """A shot of moves, or of items where they have windows."""
    camera = tuple(_item(move) for move in moves)
    return Shot(name=name, source=fields.pop("source", SOURCE), camera=camera, **fields)


def compiled(*moves, place=None, **fields) -> CameraPath:
    return compile_shot(shot(*moves, **fields), place or scene())


def rotations(path):
    return path.world_from_camera[:, :3, :3]


def positions(path):
    return path.world_from_camera[:, :3, 3]


def in_camera(path, point):
    """A world point in the axes of each camera."""
    return np.einsum("fji,fj->fi", rotations(path), np.asarray(point) - positions(path))


def in_frame(path, point):
    """Where each frame shows a world point, in pixels."""
    seen = in_camera(path, point)
    center = np.asarray(path.scene.lens.center_px)
    return seen[:, :2] / seen[:, 2:] * path.scene.lens.focal_px * path.lens_factor[:, None] + center


def same(first, second, tolerance=1e-15):
    """Whether two paths have the same cameras."""
    np.testing.assert_allclose(first.world_from_camera, second.world_from_camera, rtol=0, atol=tolerance)
    np.testing.assert_allclose(first.lens_factor, second.lens_factor, rtol=0, atol=tolerance)


ANGLES = st.floats(-0.6, 0.6)
DISTANCES = st.floats(-0.3, 0.3)
EASES = st.one_of(
    st.none(),
    st.sampled_from(["smooth", "linear"]).map(lambda kind: Ease(kind=kind)),
    st.builds(Ease, kind=st.sampled_from(["in", "out", "in-out"]), power=st.floats(1.0, 10.0)),
    st.tuples(*[st.floats(0.0, 1.0)] * 4).map(lambda points: Ease(kind="bezier", points=points)),
)
PLACES = st.one_of(
    st.just(Subject()),
    st.builds(ImagePoint, x=st.floats(0.2, 0.8), y=st.floats(0.2, 0.8)),
    st.builds(SpacePoint, right=DISTANCES, up=DISTANCES, inward=st.floats(2.5, 4.0)),
)


def drafts(kind, **fields):
    return st.fixed_dictionaries(fields).map(lambda drawn: Draft(kind, drawn))


TURNS = st.one_of(drafts(Pan, angle=ANGLES), drafts(Tilt, angle=ANGLES))
ROLLS = drafts(Roll, angle=ANGLES)
TRACKS = st.one_of(drafts(Dolly, distance=DISTANCES), drafts(Truck, distance=DISTANCES))
LIFTS = st.one_of(drafts(Pedestal, distance=DISTANCES), drafts(Crane, distance=st.floats(-0.2, 0.2)))
ORBITS = drafts(Orbit, right=ANGLES, up=st.floats(-0.4, 0.4), closer=DISTANCES, about=PLACES)
ZOOMS = drafts(Zoom, factor=st.floats(0.7, 1.5))
DOLLY_ZOOMS = drafts(DollyZoom, distance=st.floats(-0.2, 0.15))
FRAMES = st.one_of(st.none(), st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)))
AIMS = drafts(LookAt, target=PLACES, weight=st.floats(0.0, 1.0), frame=FRAMES)
SHAKES = drafts(Handheld, amount=st.floats(0.0, 2.0), seed=st.integers(0, 99))
LEVEL_MOVES = st.one_of(TURNS, TRACKS, LIFTS, ORBITS, ZOOMS, AIMS)
MOVES = st.one_of(LEVEL_MOVES, ROLLS, SHAKES, DOLLY_ZOOMS)


@st.composite
def windows(draw, earliest=0, latest=100):
    start = draw(st.integers(earliest, latest - 1))
    return window(start, draw(st.integers(start + 1, latest)))


@st.composite
def items(draw, moves, when=None):
    """Moves with a window and, where they take one, an ease."""
    draft = draw(moves)
    ease = None if draft.kind in (LookAt, Handheld) else draw(EASES)
    return draft._replace(at=draw(windows() if when is None else when), ease=ease)


@st.composite
def splines(draw, *, rolled=True):
    """Splines of two to five keys, some of which leave something out."""
    times = sorted(draw(st.lists(st.integers(0, 100), min_size=2, max_size=5, unique=True)))
    keys = tuple(_key(draw, time, ANGLES if rolled else st.just(0.0)) for time in times)
    fields = {"keys": keys, "interpolation": draw(st.sampled_from(["smooth", "linear"]))}
    return Draft(Spline, fields, draw(windows()))


def _key(draw, time, rolls):
    key = {"at": at(time), "position": draw(st.none() | st.tuples(DISTANCES, DISTANCES, DISTANCES))}
    key["lens"] = draw(st.none() | st.floats(0.8, 1.3))
    aim = draw(st.sampled_from(["none", "look_at", "rotation"]))
    if aim == "look_at":
        key["look_at"] = draw(PLACES)
    if aim == "rotation":
        key["rotation"] = Rotation(pan=draw(ANGLES), tilt=draw(ANGLES), roll=draw(rolls))
    return key


@st.composite
def cameras(draw, moves=MOVES, *, rolled=True):
    """Up to six items, and sometimes a spline under them."""
    drawn = draw(st.lists(items(moves), max_size=6))
    return [*drawn, draw(splines(rolled=rolled))] if draw(st.booleans()) else drawn
