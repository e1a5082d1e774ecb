"""Cameras that a take leaves for another shot list to follow."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ex4d.errors import OutputError
from tests.production.shooting import digests, shot_in
from tests.tiny_film import SHOTS

HEAD = SHOTS[: SHOTS.index("shots:")]
LED = "camera: [orbit: {right: 20deg}, crane: 10%, zoom: 1.2x, handheld: {seed: 4}]"


def film(file: Path, camera: str, more: str = "") -> None:
    shots = f"shots:\n  - {{name: swing, clip: 0.5s..1s, {camera}}}\n"
    file.write_text(HEAD.replace("lens: 54deg", f"lens: 54deg{more}") + shots, encoding="utf-8")


@pytest.mark.parametrize("stood", ["", ", tilt: 20deg, roll: 5deg"])
def test_a_shot_that_follows_the_cameras_of_a_take_is_the_same_shot(file: Path, stood: str) -> None:
    film(file, LED, stood)
    led = shot_in(file, "led").takes[0]
    film(file, "camera: [file: led/tiny.takes/swing/cameras.json]", stood)
    followed = shot_in(file, "followed").takes[0]

    assert np.abs(led.setup.path.world_from_camera - np.eye(4)).max() > 0.1
    for name in ("world_from_camera", "lens_factor"):
        paths = (getattr(take.setup.path, name) for take in (led, followed))
        np.testing.assert_allclose(*paths, rtol=0, atol=1e-15)
    shown, again = (np.stack(list(take.result.frames(0, len(take.setup.path)))) for take in (led, followed))
    assert np.mean(shown != again) < 0.001, "but for edges that the last bit of a camera may move"


def test_what_a_camera_file_holds_decides_what_is_made_again_and_not_where_or_when_it_was_written(file: Path) -> None:
    film(file, LED)
    cameras = shot_in(file, "led").takes[0].folder / "cameras.json"
    shutil.copy(cameras, file.parent / "first.json")
    film(file, "camera: [file: first.json]")
    assert not shot_in(file).takes[0].kept
    before = digests(file.parent / "out")

    (file.parent / "first.json").rename(file.parent / "second.json")
    (file.parent / "second.json").touch()
    film(file, "camera: [file: second.json]")
    assert shot_in(file).takes[0].kept
    film(file, "camera: [orbit: {right: 10deg}]")
    shutil.copy(shot_in(file, "led").takes[0].folder / "cameras.json", file.parent / "second.json")
    film(file, "camera: [file: second.json]")
    assert not shot_in(file).takes[0].kept
    assert digests(file.parent / "out") != before


def test_a_film_is_not_made_from_its_own_takes(file: Path) -> None:
    """What it follows would be written anew under it, and another run make another film."""
    film(file, LED)
    shot_in(file)
    film(file, "camera: [file: out/tiny.takes/swing/cameras.json]")

    with pytest.raises(OutputError, match=r"cameras\.json is made by this film, which cannot be made from it too"):
        shot_in(file)
