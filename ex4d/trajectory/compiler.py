"""Shot and scene in, cameras out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.scene import Scene
from ex4d.geometry.se3 import rigid
from ex4d.shotlist.model import Handheld, Shot
from ex4d.trajectory.aim import require_framing
from ex4d.trajectory.handheld import seeds_of
from ex4d.trajectory.head import Head
from ex4d.trajectory.moves import handheld_shake, shake_head
from ex4d.trajectory.playback import playback_of
from ex4d.trajectory.rig import Rig
from ex4d.trajectory.standing import to_source
from ex4d.trajectory.timing import Clock


def compile_shot(shot: Shot, scene: Scene) -> CameraPath:
    """Compile a shot into the camera, lens and source time of each of its frames.

    The result does not depend on the order in which moves are written.

    Raises:
        TrajectoryError: The shot's time leaves the source, or some frame has no such camera; frame and shot are named.
    """
    playback = playback_of(shot, scene)
    clock = Clock.of(shot.name, playback)
    rig = Rig.of(shot.camera, shot.source, scene, clock)
    frames = np.arange(clock.frames, dtype=np.float64)
    head = rig.head(frames)
    require_framing(head.framed, frames, shot.name)
    pose = rigid(*to_source(*_shaken(rig, head, clock, seeds_of(shot)), scene))
    moments, fades = playback.shown()
    return CameraPath(pose, head.lens, moments, clock.frame_rate, scene, fades)


def _shaken(rig: Rig, head: Head, clock: Clock, seeds: Mapping[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return orientation and position after all handheld."""
    noise = []
    for cue in rig.of_kind(Handheld):
        assert isinstance(cue.move, Handheld)
        noise.append(handheld_shake(cue.move, seeds[cue.item], cue.span, clock))
    if not noise:
        return head.rotation, head.position
    return shake_head(head.rotation, head.position, np.sum(noise, axis=0))
