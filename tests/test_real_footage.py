"""Real footage end to end: JPEGs at 6 frames a second with 16-bit depth in millimetres, a tenth of it unknown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from ex4d.artifacts.video import Video
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from ex4d.production import shoot
from ex4d.shotlist.load import load
from tests.shared_data import shared_data

SHOTS = """\
ex4d: 1
title: Kitchen
source:
  video: {folder}/*.rgb.jpg
  fps: 6
  depth: {{file: "{folder}/*.depth.png", unit: mm, unknown: 0}}
  lens: 585px
output: {{file: kitchen.mp4}}
synthesis: {{engine: mesh}}
shots:
  - name: establish
    clip: 0s..1s
  - name: swing
    clip: 2s..4s
    camera:
      - use: orbit-right@1
        with: {{angle: 20deg}}
      - handheld: {{amount: 0.3}}
    transition: dissolve 0.5s
  - name: vertigo
    clip: 7s..8.5s
    camera:
      - dolly-zoom: 25%
"""


@pytest.fixture
def folder() -> Path:
    return shared_data("redkitchen").resolve()


def test_real_footage_becomes_a_film(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three shots, a preset and a dissolve; nothing is a wall at distance 0, nothing stays black."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "kitchen.yaml"
    file.write_text(SHOTS.format(folder=folder), encoding="utf-8")
    made = shoot(load(file), folder=tmp_path / "out")

    film = probe(made.workspace.edit)
    assert (film.size, film.frame_rate, film.frame_count) == ((640, 480), Fraction(6), 6 + 12 + 9 - 3)
    _, swing, vertigo = made.takes
    assert swing.uncovered[0] == 0
    assert swing.uncovered[-1] < 0.3
    assert max(vertigo.uncovered) < 0.2
    first = next(Video.load(swing.folder / "result").frames(0, 1))
    np.testing.assert_array_equal(first, iio.imread(folder / "0060.rgb.jpg"))
    for frame in read_frames(film, range(film.frame_count)):
        assert (frame.max(axis=-1) < 4).mean() < 0.005
