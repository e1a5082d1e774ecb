"""Whose word ``ex4d recon`` takes for the lens: the user's, a camera file's or the profile's, else the media's."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import pytest

from ex4d.trajectory.exchange.ex4d_npz import write_camera_file
from tests.cli.conftest import Run
from tests.cli.recon_runs import CAM, PATH, cameras, made, manifest
from tests.media.phones import FILM_KEY, SIGNED, write_phone_video
from tests.tiny_film import FRAMES, HEIGHT, WIDTH, source_depth

PHONE_PX = 30 * WIDTH / math.hypot(36, 24) / 0.8
"""Of the 30 mm on film that the phone says."""
SAYS = "lens 60.0deg (55 px), as tiny.mkv says (30 mm on 35 mm film)"
SHORT = ("--frames", "2")


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    """The tiny film's depth, and a phone's video under its name."""
    said = FILM_KEY, SIGNED, struct.pack(">i", 30)
    size = WIDTH, HEIGHT
    write_phone_video(tmp_path / "tiny.mov", said, size=size, frames=FRAMES, rate=12).rename(tmp_path / "tiny.mkv")
    np.savez_compressed(tmp_path / "tiny.npz", depth=source_depth())
    write_camera_file(cameras(FRAMES), tmp_path / "my cam.npz")
    return tmp_path


def test_what_the_video_says_is_taken_and_told(run: Run, phone: Path) -> None:
    done = made(run(*CAM, *SHORT))
    assert SAYS in done.err
    assert "assumed: lens" not in done.err
    told = manifest(phone)
    assert told["lens"]["focal_px"] == PHONE_PX
    assert SAYS in told["said"]


def test_the_reference_profile_keeps_its_500_px_whatever_the_video_says(run: Run, phone: Path) -> None:
    made(run(*CAM, *SHORT, "--profile", "reference"))
    told = manifest(phone)
    assert told["lens"]["focal_px"] == 500
    assert told["said"] == ["lens 500 px of what is written, as the reference profile has it"]


def test_a_camera_file_s_lens_goes_before_the_video_s(run: Run, phone: Path) -> None:
    made(run(*PATH, *SHORT))
    told = manifest(phone, "my_cam")
    assert told["lens"]["focal_px"] == 60
    assert told["said"] == []


@pytest.mark.parametrize("command", [CAM, PATH, (*CAM, "--profile", "reference")])
def test_auto_asks_the_media_before_anyone(run: Run, phone: Path, command: tuple[str, ...]) -> None:
    made(run(*command, *SHORT, "--lens", "auto"))
    assert manifest(phone, "my_cam" if command is PATH else "30")["lens"]["focal_px"] == PHONE_PX


def test_auto_is_refused_where_nobody_knows(run: Run, phone: Path) -> None:
    write_phone_video(phone / "tiny.mov", size=(WIDTH, HEIGHT), frames=FRAMES, rate=12).rename(phone / "tiny.mkv")
    done = run(*CAM, "--lens", "auto")
    assert done.code == 2
    assert "lens: auto, but neither the depth nor tiny.mkv says it; write it, as in lens: 66deg" in done.err
    assert not (phone / "out").exists()
