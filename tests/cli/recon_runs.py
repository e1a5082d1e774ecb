"""Running ``ex4d recon`` over the tiny film, and reading what it makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.geometry.pinhole import Pinhole
from ex4d.geometry.se3 import rigid
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from ex4d.trajectory.exchange.ex4d_npz import CameraFile
from tests.cli.conftest import Outcome
from tests.tiny_film import HEIGHT, WIDTH

GIVEN = ("--video", "tiny.mkv", "--depth", "tiny.npz", "--depth-unit", "m")
PATH = ("recon", *GIVEN, "--path", "my cam.npz", "--out", "out")
CAM = ("recon", *GIVEN, "--cam", "30", "--out", "out")


def video(file: Path) -> np.ndarray:
    info = probe(file)
    return np.array(list(read_frames(info, range(info.frame_count))))


def manifest(tmp_path: Path, name: str = "30") -> dict[str, Any]:
    return json.loads((tmp_path / f"out/recon_{name}.ex4d.json").read_text())


def made(done: Outcome) -> Outcome:
    assert done.code == 0, done.err
    return done


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def cameras(count: int, lens: Pinhole | None = None) -> CameraFile:
    """Sideways a little more in each frame."""
    places = np.outer(np.arange(count), [0.05, 0.0, 0.02])
    lens = lens or Pinhole(WIDTH, HEIGHT, 60.0, (WIDTH / 2, HEIGHT / 2))
    return CameraFile(rigid(np.tile(np.eye(3), (count, 1, 1)), places), lens)
