"""What is worth saying about a compiled path before it is rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.trajectory.figures import PathFigures, figures_of, largest_jolt, off_axis_deg

FURTHEST_DEG = 90.0 + 1e-6
"""Beyond this angle from the source view the mesh has nothing to show; exactly 90 is not beyond, rounding or not."""
WIDEST_DEG = 120.0
"""Beyond this angle of view a picture is mostly stretched edges."""
NEAREST = 0.1
"""Share of its first distance within which a camera has reached the subject."""
FACING = 1e-6
"""Cosine to the source's view axis above which a camera still looks its way; exactly 90deg is not, rounding or not."""


@dataclass(frozen=True)
class Remark:
    """Something that a user should know of a shot: what, at which frame, and what to write instead."""

    kind: str
    """A word for programs."""
    weight: int
    """How much of the work it wastes, 0 to 100: the heaviest is said first."""
    what: str
    instead: str = ""
    frame: int | None = None
    """Where it begins, or is worst; None where it is all of the shot."""

    def __str__(self) -> str:
        return f"{self.what}: {self.instead}" if self.instead else self.what


def heaviest_first(remarks: Iterator[Remark]) -> tuple[Remark, ...]:
    """Return remarks by weight; of equals, in the order in which they were found."""
    return tuple(sorted(remarks, key=lambda remark: -remark.weight))


def warnings_of(path: CameraPath, steady: CameraPath | None = None) -> tuple[Remark, ...]:
    """Return what a user should know, the heaviest first; empty where all is well.

    Args:
        path: the shot's.
        steady: the same without handheld, which is meant to be uneven; None where there is none.
    """
    return heaviest_first(_remarks(path, steady or path))


def _remarks(path: CameraPath, steady: CameraPath) -> Iterator[Remark]:
    figures = figures_of(path)
    yield from _of_reach(path)
    yield from _of_angle(path, figures)
    yield from _of_lens(path, figures)
    yield from _of_jolt(steady)
    if not figures.starts_at_source:
        yield Remark(
            "start",
            20,
            f"the shot does not start at the source view ({_start(path)}), so its first frame is rendered too",
            "engines go on from that frame, so let the moves begin at nothing where you can",
            0,
        )


def _start(path: CameraPath) -> str:
    turned, away = off_axis_deg(path)[0], float(np.linalg.norm(path.world_from_camera[0, :3, 3]))
    lens = path.lens_factor[0]
    there = f"it starts {turned:.0f}deg and {away:.0%} of the subject's distance from it"
    return there if abs(lens - 1.0) < 0.0005 else f"{there}, its lens {lens:.3g} times as long"


def _of_reach(path: CameraPath) -> Iterator[Remark]:
    reached = first_reaching(path)
    if reached is not None:
        yield Remark(
            "reach", 90, f"the camera reaches the subject, or passes it, at frame {reached}", "move in less", reached
        )


def _of_angle(path: CameraPath, figures: PathFigures) -> Iterator[Remark]:
    if figures.furthest_deg > FURTHEST_DEG:
        first = int(np.argmax(off_axis_deg(path) > FURTHEST_DEG))
        yield Remark(
            "angle",
            85,
            f"the camera turns {figures.furthest_deg:.0f}deg away from the source view at frame "
            f"{figures.furthest_deg_at}; beyond 90deg, from frame {first}, there is nothing of the source to show",
            "turn less, to 60deg or so",
            first,
        )


def _of_lens(path: CameraPath, figures: PathFigures) -> Iterator[Remark]:
    if figures.widest_deg > WIDEST_DEG and path.lens_factor.min() < 1.0:
        yield Remark(
            "lens",
            40,
            f"the lens opens to {figures.widest_deg:.0f}deg at frame {figures.widest_at}; beyond 120deg the edges are "
            "stretched",
            "dolly or zoom less",
            figures.widest_at,
        )


def _of_jolt(path: CameraPath) -> Iterator[Remark]:
    jolt = largest_jolt(path)
    if jolt is not None:
        parts = [
            f"{jolt.turn_deg:.0f}deg" if jolt.turn_deg >= 1 else "",
            f"{jolt.travel:.0%} of the subject's distance" if jolt.travel >= 0.01 else "",
            f"{jolt.zoom:.0%} of the lens" if jolt.zoom >= 0.01 else "",
        ]
        yield Remark(
            "jolt",
            30,
            f"the camera jolts at frame {jolt.frame}: within that frame its speed changes by "
            f"{' and '.join(filter(None, parts))} a second",
            "let it ease, as in ease: in-out, or give it a longer window",
            jolt.frame,
        )


def first_reaching(path: CameraPath) -> int | None:
    """Return the first frame whose camera is at the subject, or has passed it looking on; None where none is.

    A camera that goes round the subject is beyond it too, but has turned back to it.
    """
    pivot = np.array(path.scene.pivot)
    position, forward = path.world_from_camera[:, :3, 3], path.world_from_camera[:, 2, 2]
    distance = np.linalg.norm(position - pivot, axis=1)
    reached = (distance < NEAREST * distance[0]) | ((position[:, 2] >= pivot[2]) & (forward > FACING))
    return int(np.argmax(reached)) if reached.any() else None
