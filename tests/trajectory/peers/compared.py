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
SHOTS = """
ex4d: 1
source: {{video: clip.mp4, tilt: {tilt}deg}}
shots:
  - name: peer
    camera:
      - use: {preset}
        with: {{{given}}}
"""


def ours(move: PeerMove) -> Cameras:
    """Compile the preset that stands for a move, over as many frames as the peer has."""
    return compiled(move.preset, move.given, len(move.theirs.lens), move.source_tilt_deg)


def compiled(preset: str, given: Mapping[str, str], frames: int, source_tilt_deg: float = 0.0) -> Cameras:
    """Compile a preset with some parameters."""
    values = ", ".join(f"{name}: {value}" for name, value in given.items())
    text = SHOTS.format(preset=preset, given=values, tilt=f"{source_tilt_deg:g}")
    rate, tilt = Fraction(24), math.radians(source_tilt_deg)
    place = Scene(LENS, (0.0, 0.0, 1.0), rate, rate, Fraction(frames) / rate, source_tilt=tilt)
    path = compile_shot(parse(text, "shots.yaml").shots[0], place)
    return Cameras(path.world_from_camera, path.lens_factor)
