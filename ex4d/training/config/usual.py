"""The cameras that rendering masks are made with where a training file states none."""

from __future__ import annotations

from functools import cache

from ex4d.training.config.records import CameraChoice

USUAL_CAMERAS: tuple[tuple[str, float], ...] = (
    ("[{orbit: {right: 10deg to 90deg, up: 0deg to 20deg}}]", 3.0),
    ("[{orbit: {left: 10deg to 90deg, up: 0deg to 20deg}}]", 3.0),
    ("[{orbit: {right: -60deg to 60deg, up: 10deg to 50deg}}]", 1.0),
    ("[{orbit: {right: -60deg to 60deg, closer: 20% to 60%}}]", 1.0),
    ("[use: ex4d-180@1]", 1.0),
    ("[dolly: {in: 20% to 60%}]", 1.0),
    ("[dolly: {out: 20% to 80%}]", 1.0),
    ("[crane: {up: 20% to 80%}]", 1.0),
    ("[{truck: {right: -60% to 60%}}, {pedestal: {up: 0% to 40%}}]", 1.0),
)
"""Moves with their weights. EX-4D's own are arcs to a side of up to 90 degrees that rise a little, one to both sides,
and ways in and out (its recon.py, --cam); to them come views from above, from nearer and from beside. Half of the masks
are of arcs to a side. Turning the head alone is not among them: it uncovers nothing but the picture's edges."""


@cache
def usual_cameras() -> tuple[CameraChoice, ...]:
    """Return them as a training file would state them."""
    return tuple(CameraChoice(camera=moves, weight=weight) for moves, weight in USUAL_CAMERAS)
