"""Presets compiled as their peers' moves are: as many frames, a centred subject at the distance of one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from ex4d.artifacts.scene import Scene
from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.load import parse
from ex4d.trajectory.compiler import compile_shot
from tests.trajectory.peers import ex4d, gen3c, recammaster, seva, trajectorycrafter, uni3c
from tests.trajectory.peers.cameras import Cameras, Peer, PeerMove

PEERS: tuple[Peer, ...] = (ex4d.PEER, recammaster.PEER, trajectorycrafter.PEER, gen3c.PEER, seva.PEER, uni3c.PEER)
LENS = Pinhole.from_horizontal_angle(640, 480, math.radians(54.0))
HEAD = """
ex4d: 1
source: {{video: clip.mp4, tilt: {tilt}deg}}
shots:
"""
SHOT = """
  - name: peer-{number}
    camera:
      - use: {preset}
        with: {{{given}}}
"""


def ours(move: PeerMove) -> Cameras:
    """Compile the preset that stands for a move, over as many frames as the peer has."""
    return compiled(move.preset, move.given, frames=len(move.theirs.lens), source_tilt_deg=move.source_tilt_deg)[0]


def compiled(preset: str, *given: Mapping[str, str], frames: int, source_tilt_deg: float = 0.0) -> list[Cameras]:
    """Compile a preset, once with each of some parameters."""
    shots = (
        SHOT.format(number=number, preset=preset, given=", ".join(f"{name}: {value}" for name, value in each.items()))
        for number, each in enumerate(given)
    )
    text = HEAD.format(tilt=f"{source_tilt_deg:g}") + "".join(shots)
    rate, tilt = Fraction(24), math.radians(source_tilt_deg)
    place = Scene(LENS, (0.0, 0.0, 1.0), rate, rate, Fraction(frames) / rate, source_tilt=tilt)
    paths = [compile_shot(shot, place) for shot in parse(text, "shots.yaml").shots]
    return [Cameras(path.world_from_camera, path.lens_factor) for path in paths]
