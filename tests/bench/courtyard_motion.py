"""Where each surface point of the sample scene was at another moment: its place stands still, its fox is posed.

The fox is made of rounded cones. A point of its skin belongs to the cone that it is nearest to, and keeps its place on
it: how far along the axis, and the way off the axis, turned as the axis turns. The head's cones turn with the head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from shots.media.courtyard import fox
from shots.media.make_courtyard import EYE_HEIGHT, FRAME_RATE, HEIGHT, WIDTH, focal_px, render_view

SAME_SURFACE_M = 0.03
"""By how much depth may be off where a point is seen."""
UP = np.array([1.0, -1.0, 1.0])
"""From OpenCV's axes to the courtyard's, which are lifted by the eye's height, too."""


@dataclass(frozen=True)
class Moment:
    """One frame of the scene and its surfaces."""

    time_s: float
    world_from_camera: np.ndarray
    colour: np.ndarray
    depth: np.ndarray
    fox: np.ndarray
    """Where it is seen."""

    def points(self) -> np.ndarray:
        """Where in the courtyard each pixel's surface is."""
        rows, columns = np.mgrid[: self.depth.shape[0], : self.depth.shape[1]] + 0.5
        ray = np.stack([(columns - WIDTH / 2) / focal_px(), (rows - HEIGHT / 2) / focal_px(), np.ones_like(rows)], -1)
        seen = ray * self.depth[..., None]
        world = seen @ self.world_from_camera[:3, :3].T + self.world_from_camera[:3, 3]
        return world * UP + [0, EYE_HEIGHT, 0]

    def pixels(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where points of the courtyard are in the picture, and their depth."""
        world = (points - [0, EYE_HEIGHT, 0]) * UP
        seen = (world - self.world_from_camera[:3, 3]) @ self.world_from_camera[:3, :3]
        return seen[..., :2] / seen[..., 2:] * focal_px() + [WIDTH / 2, HEIGHT / 2], seen[..., 2]


@cache
def moment(frame: int, camera: bytes = np.eye(4).tobytes(), samples: int = 1) -> Moment:
    """Look at a frame of the scene from a camera."""
    world_from_camera = np.frombuffer(camera).reshape(4, 4)
    view = render_view(frame / FRAME_RATE, world_from_camera, samples=samples)
    return Moment(frame / FRAME_RATE, world_from_camera, view.colour, view.depth.astype(np.float64), view.subject_mask)


def moved_region(region: np.ndarray, first: Moment, now: Moment) -> np.ndarray:
    """Where a region of the first moment's picture is in another: pixels that show a surface which was seen in it."""
    places, known = sources(first, now)
    row, column = np.clip(places[..., ::-1].astype(int), 0, np.array(region.shape) - 1).transpose(2, 0, 1)
    return known & region[row, column]


def sources(first: Moment, now: Moment) -> tuple[np.ndarray, np.ndarray]:
    """Where in the first picture the surface of each pixel of another is, and whether it is seen there."""
    points = now.points()
    points[now.fox] = carried(points[now.fox], now.time_s, first.time_s)
    places, depth = first.pixels(points)
    inside = ((places >= 0) & (places < [WIDTH, HEIGHT])).all(-1)
    row, column = np.clip(places[..., ::-1].astype(int), 0, (HEIGHT - 1, WIDTH - 1)).transpose(2, 0, 1)
    near = np.abs(first.depth[row, column] - depth) < np.maximum(SAME_SURFACE_M, 0.01 * depth)
    return places, inside & near & (first.fox[row, column] == now.fox)


def destinations(first: Moment, now: Moment) -> tuple[np.ndarray, np.ndarray]:
    """Where in another picture the surface of each pixel of the first is, and whether it is seen there."""
    return sources(now, first)


def carried(points: np.ndarray, from_s: float, to_s: float) -> np.ndarray:
    """Where points of the fox's skin are at another time."""
    before, after = fox.pose(from_s).parts, fox.pose(to_s).parts
    part = np.argmin([_distances(points, row) for row in before], axis=0)
    head = _head_parts(len(before))
    turn = head_turn(to_s) @ head_turn(from_s).T
    made = np.empty_like(points)
    for index in np.unique(part):
        own = part == index
        turned = turn if index in head else _least_turn(_axis(before[index]), _axis(after[index]))
        made[own] = _on_part(points[own], before[index], after[index], turned)
    return made


def _on_part(points: np.ndarray, before: np.ndarray, after: np.ndarray, turn: np.ndarray) -> np.ndarray:
    axis = before[4:7] - before[:3]
    share = np.clip((points - before[:3]) @ axis / max(axis @ axis, 1e-12), 0, 1)[:, None]
    off = points - before[:3] - share * axis
    return after[:3] + share * (after[4:7] - after[:3]) + off @ turn.T


def _distances(points: np.ndarray, part: np.ndarray) -> np.ndarray:
    return np.array([fox._cone(*point, part) for point in points])


def _axis(part: np.ndarray) -> np.ndarray:
    axis = part[4:7] - part[:3]
    return axis / max(np.linalg.norm(axis), 1e-12)


def _least_turn(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The rotation by the least angle that turns one direction to another."""
    cross, cos = np.cross(a, b), a @ b
    k = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    return np.eye(3) + k + k @ k / (1 + cos)


def head_turn(time_s: float) -> np.ndarray:
    """How the head is turned in the courtyard, as a rotation; read off what the figure does to the axes."""
    figure = fox._Figure((0.0, 0.0, 0.0), heading=0.42)
    yaw = 0.30 + 0.16 * math.sin(2.0 * math.pi * time_s / 3.6 - 0.6)
    nod = 0.05 * math.sin(2.0 * math.pi * time_s / (fox.STEP_S / 2.0) + 0.7) - 0.03
    return np.array([figure.world(fox._turned(tuple(e), (0.0, 0.0, 0.0), yaw, nod)) for e in np.eye(3)]).T


@cache
def _head_parts(count: int) -> range:
    """Which parts of the figure are the head's."""
    figure = fox._Figure((0.0, 0.0, 0.0), heading=0.42)
    fox._legs(figure, 0.0, 0.0)
    fox._body(figure, 0.0)
    fox._tail(figure, 0.0, 0.0)
    fox._scarf(figure, 0.0, 0.0)
    first = len(figure.rows)
    fox._head(figure, 0.0, 0.0)
    assert len(figure.rows) < count
    return range(first, len(figure.rows))
