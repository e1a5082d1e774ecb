"""Orbits: the turntables on which a camera stands, one a pivot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.geometry.se3 import apply
from ex4d.shotlist.model import Orbit
from ex4d.trajectory.cue import Cue, amount
from ex4d.trajectory.moves import orbit_turn
from ex4d.trajectory.places import world_point


def turned_table(
    orbits: Sequence[Cue],
    frames: Float64[np.ndarray, "frames"],
    rotation: Float64[np.ndarray, "frames 3 3"],
    position: Float64[np.ndarray, "frames 3"],
    scene: Scene,
    shot: str,
) -> tuple[
    Float64[np.ndarray, "frames 3 3"], Float64[np.ndarray, "frames 3"], Float64[np.ndarray, "frames 3 3"]
]:  # fmt: skip
    """Turn cameras about each pivot: angles add, what is left of the radius multiplies.

    Returns:
        Orientation and position after all turns, and what the turns make of a displacement.

    Raises:
        TrajectoryError: An orbit reaches its pivot.
    """
    carried = np.repeat(np.eye(3)[None], len(frames), axis=0)
    for pivot, cues in _turntables(orbits, scene):
        up = sum((amount(cue, "up", frames) for cue in cues), np.zeros(len(frames)))
        right = sum((amount(cue, "right", frames) for cue in cues), np.zeros(len(frames)))
        closer = _shrunk(cues, frames, shot)
        rotation, turn = orbit_turn(rotation, up, right)
        turn = turn * closer[:, None, None]
        position = pivot + apply(turn, position - pivot)
        carried = turn @ carried
    return rotation, position.copy(), carried


def _shrunk(cues: list[Cue], frames: Float64[np.ndarray, "frames"], shot: str) -> Float64[np.ndarray, "frames"]:
    """Multiply what orbits about one pivot leave of its radius."""
    factors = np.array([1.0 - amount(cue, "closer", frames) for cue in cues])
    if np.any(factors <= 0.0):
        frame = int(np.ceil(frames[np.any(factors <= 0.0, axis=0)].min()))
        raise TrajectoryError(
            f"shot {shot!r}, frame {frame}: an orbit has come so close that it reaches its pivot; "
            f"closer must stay below 100%",
            part=cues[int(np.argmax(np.any(factors <= 0.0, axis=1)))].item,
        )
    return np.prod(factors, axis=0)


def _turntables(orbits: Sequence[Cue], scene: Scene) -> Iterator[tuple[Float64[np.ndarray, "3"], list[Cue]]]:
    """Group orbits by pivot, the pivot that is orbited first first."""
    groups: dict[tuple[float, ...], list[Cue]] = {}
    for cue in orbits:
        assert isinstance(cue.move, Orbit)
        groups.setdefault(tuple(world_point(cue.move.about, scene).tolist()), []).append(cue)
    return ((np.array(pivot), cues) for pivot, cues in groups.items())
