"""Where a compiled camera ends, and how far from the source's view it came on the way, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.geometry.se3 import head_angles
from ex4d.preflight.explanation.quantities import degrees, distance, joined, number, share, side
from ex4d.preflight.explanation.spots import away
from ex4d.shotlist.model import Source
from ex4d.trajectory.standing import level_from_source

NOTICED_DEG, NOTICED, NOTICED_LENS = 0.5, 0.01, 0.005
"""Turns, distances and changes of lens below which nothing is said."""


@dataclass(frozen=True)
class Ending:
    """The last camera of a shot, as seen from the source's own camera."""

    position: tuple[float, float, float]
    """(right, up, in) in the source camera's axes, subject distances."""
    pan: float
    """Radians, right, about the vertical."""
    tilt: float
    """Radians, up, more than the source's camera looked."""
    roll: float
    """Radians, clockwise, more than the source's camera was rolled."""
    subject_distance: float
    """From the camera to the subject, relative to the source camera's."""
    lens_factor: float
    lens_deg: float
    """Horizontal angle of view, degrees."""
    turned_deg: float
    """Angle between its view and the source's, degrees."""
    furthest_deg: float
    """The largest such angle of the whole shot, degrees."""
    furthest: float
    """The largest distance from the source camera of the whole shot, subject distances."""
    at_source: bool
    """Whether it is the source's own camera and lens."""
    never_left: bool
    """Whether every frame's is."""

    def in_words(self, source: Source) -> str:
        """Say it."""
        if self.never_left:
            return "the camera never leaves the source's own view"
        if self.at_source:
            words = "it ends at the source's own view"
        else:
            distance = [self._distance()] if self._moved else []
            words = f"it ends {', '.join([self._place(source), self._turn(), *distance])}; {self._lens()}"
        return words + self._on_the_way(source)

    def _on_the_way(self, source: Source) -> str:
        """Say how far it was before, where that is farther than it ends."""
        parts = []
        if self.furthest > math.hypot(*self.position) + NOTICED:
            parts.append(f"up to {distance(round(self.furthest, 2), source)} from the source's camera")
        if self.furthest_deg > self.turned_deg + NOTICED_DEG:
            parts.append(f"turned up to {number(self.furthest_deg, 2)} degrees from the source's view")
        return f"; on the way it is {' and '.join(parts)}" if parts else ""

    @property
    def _moved(self) -> bool:
        return any(round(value, 2) for value in self.position)

    def _place(self, source: Source) -> str:
        if not self._moved:
            return "where the source's camera stood"
        rounded = tuple(round(value, 2) for value in self.position)
        words = away((rounded[0], rounded[1], rounded[2]), source)
        return f"{words} {'of' if words.endswith(('left', 'right')) else 'from'} the source's camera"

    def _turn(self) -> str:
        words = (("to the right", "to the left"), ("up", "down"), ("clockwise", "counterclockwise"))
        parts = [
            f"{degrees(math.radians(_rounded(angle)))} {side(angle, *pair)}"
            for angle, pair in zip((self.pan, self.tilt, self.roll), words, strict=True)
            if abs(math.degrees(angle)) >= NOTICED_DEG
        ]
        return f"turned {joined(parts)}" if parts else "looking the same way"

    def _distance(self) -> str:
        if abs(self.subject_distance - 1) < 0.005:
            return "at the same distance from the subject"
        change = round(self.subject_distance - 1, 2)
        return f"{share(abs(change))} {side(change, 'farther from', 'nearer to')} the subject"

    def _lens(self) -> str:
        if abs(self.lens_factor - 1) < NOTICED_LENS:
            return "its lens is the source's"
        times = f"{number(self.lens_factor)} times as long as the source's"
        return f"its lens is {times} ({number(self.lens_deg)} degrees across)"


def _rounded(angle: float) -> float:
    """Round an angle to whole degrees, small ones to tenths."""
    return round(math.degrees(angle), 0 if abs(math.degrees(angle)) >= 10 else 1)


def ending_of(path: CameraPath) -> Ending:
    """Measure where a path ends."""
    pose, pivot = path.world_from_camera[-1], np.array(path.scene.pivot)
    right, down, inward = (float(value) for value in pose[:3, 3])
    level = level_from_source(path.scene)
    turned = head_angles(level @ pose[:3, :3]) - head_angles(level)
    pan, tilt, roll = (math.remainder(float(angle), math.tau) for angle in turned)
    forward = path.world_from_camera[:, :3, 2]
    away_deg = np.degrees(np.arctan2(np.hypot(forward[:, 0], forward[:, 1]), forward[:, 2]))
    factor = float(path.lens_factor[-1])
    return Ending(
        position=(right, -down, inward),
        pan=pan,
        tilt=tilt,
        roll=roll,
        subject_distance=float(np.linalg.norm(pivot - pose[:3, 3]) / np.linalg.norm(pivot)),
        lens_factor=factor,
        lens_deg=math.degrees(path.scene.lens.zoomed(factor).horizontal_angle),
        turned_deg=float(away_deg[-1]),
        furthest_deg=float(away_deg.max()),
        furthest=float(np.linalg.norm(path.world_from_camera[:, :3, 3], axis=1).max()),
        at_source=bool(path.at_source[-1]),
        never_left=bool(path.at_source.all()),
    )
