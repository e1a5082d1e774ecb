"""Cameras of a peer, and how far two paths are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from ex4d.geometry.se3 import rigid, turn_between


@dataclass(frozen=True)
class Cameras:
    """What a formula computes, relative to its first camera, in subject distances; OpenCV axes."""

    world_from_camera: Float64[np.ndarray, "frames 4 4"]
    lens: Float64[np.ndarray, "frames"]
    """Focal length relative to the source's."""

    @classmethod
    def of(cls, rotation, position, lens=None) -> Cameras:
        """Join orientations and positions (right, down, in); the lens stays where it is not given."""
        lens = np.ones(len(position)) if lens is None else lens
        return cls(rigid(np.broadcast_to(rotation, (len(position), 3, 3)), position), lens)

    @classmethod
    def relative(cls, world_from_camera, lens=None) -> Cameras:
        """Take all poses relative to the first."""
        pose = np.linalg.inv(world_from_camera[0]) @ world_from_camera
        return cls.of(pose[:, :3, :3], pose[:, :3, 3], lens)


@dataclass(frozen=True)
class Differences:
    """The largest differences between two paths over all frames."""

    turn_deg: float
    place: float
    """Subject distances."""
    lens: float
    """Share of the focal length."""

    def within(self, limit: Differences) -> bool:
        """Tell whether none is above its limit."""
        return self.turn_deg <= limit.turn_deg and self.place <= limit.place and self.lens <= limit.lens


ROUNDING = Differences(1e-9, 1e-12, 1e-12)
"""Two ways to compute the same."""


def differences(first: Cameras, second: Cameras) -> Differences:
    """Compare frame by frame."""
    turn = turn_between(first.world_from_camera[:, :3, :3], second.world_from_camera[:, :3, :3])
    place = np.linalg.norm(first.world_from_camera[:, :3, 3] - second.world_from_camera[:, :3, 3], axis=1)
    lens = np.abs(first.lens / second.lens - 1.0)
    return Differences(float(np.degrees(turn).max()), float(place.max()), float(lens.max()))


@dataclass(frozen=True)
class PeerMove:
    """A move of a peer and the preset that stands for it."""

    asked: str
    """What one types or clicks there."""
    computes: str
    """What its formula computes, in words."""
    preset: str
    theirs: Cameras
    """As released."""
    meant: Cameras | None = None
    """Without the faults that are named; None where there is none."""
    faults: str = ""
    """Letters of the peer's notes."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the preset, where not its defaults."""
    source_tilt_deg: float = 0.0
    """How far down the peer takes the source to have looked; ours is ``source.tilt``."""
    tolerance: Differences = ROUNDING
    """Of the preset against what is meant."""

    @property
    def wanted(self) -> Cameras:
        """The cameras that the preset is to be."""
        return self.theirs if self.meant is None else self.meant


@dataclass(frozen=True)
class Peer:
    """A peer: its moves, and what is to be known about them."""

    name: str
    sources: str
    """Repository, commit and files."""
    distance: str
    """What its lengths are measured in, and about what it turns."""
    moves: tuple[PeerMove, ...]
    notes: Mapping[str, str] = field(default_factory=dict)
    """Faults by letter: theirs, and what ours does instead."""
    unsaid: tuple[str, ...] = ()
    """Moves that have no preset, with the reason."""


def even(frames: int):
    """Progress that begins at 0 and reaches 1 at the last frame."""
    return np.linspace(0.0, 1.0, frames)


def points(right=0.0, down=0.0, inward=0.0):
    """Stack coordinates of which some may be constant."""
    return np.stack(np.broadcast_arrays(right, down, inward), axis=-1).astype(np.float64)


def about_x(angle):
    """Turn about the right axis, by the right-hand rule."""
    one, zero, c, s = np.ones_like(angle), np.zeros_like(angle), np.cos(angle), np.sin(angle)
    return np.stack([points(one, zero, zero), points(zero, c, -s), points(zero, s, c)], axis=-2)


def about_y(angle):
    """Turn about the axis that points down, by the right-hand rule."""
    one, zero, c, s = np.ones_like(angle), np.zeros_like(angle), np.cos(angle), np.sin(angle)
    return np.stack([points(c, zero, s), points(zero, one, zero), points(-s, zero, c)], axis=-2)


def facing(position, target):
    """Orientations that look at a target, level."""
    forward = np.asarray(target, dtype=np.float64) - position
    forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right = right / np.linalg.norm(right, axis=-1, keepdims=True)
    return np.stack([right, np.cross(forward, right), forward], axis=-1)
