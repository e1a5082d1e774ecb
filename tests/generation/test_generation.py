"""EX-4D's second command: a render and its mask, completed."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

import ex4d
from ex4d.errors import UserError
from ex4d.generation import generate
from ex4d.given_render import Generation
from ex4d.media.probe import probe
from ex4d.shotlist.model import Synthesis
from ex4d.synthesis.synthesizer import SynthesisRequest
from tests.generation.renders import FRAMES, MESH, RATE, Heard, Mirror, colours, frames_of, masks, write
from tests.shared_data import shared_data


def test_the_video_has_the_renders_rate_length_and_size(job: Generation) -> None:
    made = generate(job)
    film = probe(made.output)
    assert (film.frame_rate, film.frame_count, film.size) == (RATE, FRAMES, (64, 48))
    assert (made.frame_rate, made.frame_count, made.size, made.engine) == (RATE, FRAMES, (64, 48), "mesh")


def test_engines_get_the_colour_where_the_mask_is_brighter_than_half_and_black_elsewhere(
    job: Generation, mirror: Mirror
) -> None:
    generate(replace(job, synthesis=Synthesis(engine="mesh", prompt="a lamp", seed=4, erode=3)))
    assert mirror.requests == [SynthesisRequest("a lamp", 4, 3)]
    for (colour, visible), given, mask in zip(mirror.guides, colours(), masks(), strict=True):
        np.testing.assert_array_equal(visible, mask[..., 0] >= 128)
        np.testing.assert_array_equal(colour, given * visible[..., None])


def test_what_is_visible_is_kept_and_what_is_not_is_filled(job: Generation) -> None:
    frames = frames_of(generate(job))
    hole = np.zeros((48, 64), bool)
    hole[10:20, 16:32] = True
    assert (frames[1:, hole].mean(axis=-1) > 20).mean() > 0.99
    kept = np.abs(frames.astype(int) - colours())[:, ~hole]
    assert np.median(kept) < 40  # what 4:2:0 leaves of noise


def test_so_many_frames_are_evenly_spread_at_the_renders_rate_or_another(job: Generation, mirror: Mirror) -> None:
    heard = Heard()
    made = generate(replace(job, frame_count=3), heard)
    assert probe(made.output).frame_count == 3
    assert probe(made.output).frame_rate == RATE
    for (colour, _), index in zip(mirror.guides, (0, 3, 6), strict=True):
        np.testing.assert_array_equal(colour[:8], colours()[index][:8])
    assert any("3 of 7 frames, evenly spread" in text and "2.33x the pace" in text for text in heard.said)
    made = generate(replace(job, frame_rate=Fraction(15)))
    assert probe(made.output).frame_rate == 15


def test_a_manifest_beside_it_tells_from_what(job: Generation) -> None:
    made = generate(job)
    assert made.manifest == job.output.with_name("film.ex4d.json")
    said = json.loads(made.manifest.read_text())
    assert said["frames"] == FRAMES
    assert said["frame_rate"] == "24000/1001"
    assert len(said["colour"]["sha256"]) == 64
    assert said["engine"]["used"] == "mesh"
    assert said["first_frame"] == "fully visible"
    assert said["frames_taken"] == list(range(FRAMES))
    assert (said["ex4d"], said["python"]) == (ex4d.__version__, platform.python_version())
    assert said["machine"] == platform.machine()
    taken = json.loads(generate(replace(job, frame_count=3, frame_rate=Fraction(12))).manifest.read_text())
    assert (taken["frames_taken"], taken["frame_rate"]) == ([0, 3, 6], "12")
    assert taken["colour"]["frame_rate"] == taken["mask"]["frame_rate"] == "24000/1001"


def test_files_of_the_user_beside_the_video_are_left_alone(job: Generation) -> None:
    own = job.output.with_suffix(".json")
    own.write_text("mine")
    generate(job)
    assert own.read_text() == "mine"


def test_images_have_the_rate_that_is_said(job: Generation, mirror: Mirror, tmp_path: Path) -> None:
    for name, frames in (("colour", colours()), ("mask", [mask[..., 0] for mask in masks()])):
        (tmp_path / name).mkdir()
        for index, frame in enumerate(frames):
            iio.imwrite(tmp_path / name / f"{index}.png", frame)
    images = replace(job, colour=tmp_path / "colour", mask=tmp_path / "mask" / "*.png", frame_rate=Fraction(12))
    made = generate(images)
    film = probe(made.output)
    assert (film.frame_rate, film.frame_count, film.size) == (12, FRAMES, (64, 48))
    assert json.loads(made.manifest.read_text())["colour"]["frame_rate"] == "12"
    for (colour, visible), given, mask in zip(mirror.guides, colours(), masks(), strict=True):
        np.testing.assert_array_equal(colour, given * (mask >= 128))
        np.testing.assert_array_equal(visible, mask[..., 0] >= 128)
    with pytest.raises(UserError, match=r"(?s)colour is a folder .*--fps 24.*\*\.png is a folder .*--fps 24"):
        generate(replace(images, frame_rate=None))


def test_a_mask_that_is_neither_black_nor_white_is_told(job: Generation, mirror: Mirror) -> None:
    heard = Heard()
    generate(job, heard)
    assert not any("neither" in text for text in heard.said)
    write(job.mask, [frame // 2 + 60 for frame in colours()])
    generate(job, heard)
    assert any("of " in text and "mask.mkv is neither black nor white" in text for text in heard.said)


def test_holes_of_the_first_frame_are_told(job: Generation, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    write(job.mask, masks(hole_in_first=True))
    made = generate(job)
    assert "of the first frame is not visible" in json.loads(made.manifest.read_text())["first_frame"]


def test_the_references_own_files_are_understood(tmp_path: Path, mirror: Mirror) -> None:
    """Its lossy mask is white all over the first frame, and opens up to five sixths of the frames at the side."""
    folder = shared_data("ex4d_flower")
    job = Generation(folder / "render_180.mp4", folder / "mask_180.mp4", tmp_path / "film.mp4", MESH)
    made = generate(job)
    film = probe(made.output)
    assert (film.frame_rate, film.frame_count, film.size) == (30, 49, (512, 512))
    shares = [1 - float(visible.mean()) for _, visible in mirror.guides]
    assert shares[0] == 0.0
    assert 0.8 < max(shares) < 5 / 6
