"""Cross-faded frames of a tiny source: a wall that stands still behind a square that moves a pixel a frame."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import ex4d.guide
from ex4d.artifacts.guide_video import GuideFrame
from ex4d.guide import GuideRecipe, cross_faded, draw_guide
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from ex4d.production import shoot
from ex4d.recon.job import Recon
from ex4d.recon.making import reconstruct
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.setups import Setup, set_up
from ex4d.shotlist.load import load
from ex4d.workspace import MANIFEST
from tests.tiny_film import SHOTS, source_frames, write_tiny_film

HEAD = SHOTS[: SHOTS.index("shots:")]


def slowed(folder: Path, speed: str = "0.5", more: str = "", blend: str = "true") -> Path:
    """The tiny film as one shot that begins at its 7th frame, slower."""
    time = f"time: [{{play: 6f..12f, speed: {speed}}}], blend: {blend}"
    return write_tiny_film(folder, f"{HEAD}shots:\n  - {{name: slow, {time}{more}}}\n")


def set_up_slowed(folder: Path, speed: str = "0.5", more: str = "") -> Setup:
    film = load(slowed(folder, speed, more))
    return set_up(film.shots[0], film.output)


def halfway(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return ((first.astype(int) + second + 1) // 2).astype(np.uint8)


def picture(colour: int, visible: list[bool], background: list[int] | None) -> GuideFrame:
    seen = np.array([visible])
    behind = None if background is None else np.array([background], np.uint8)[..., None].repeat(3, axis=2)
    return GuideFrame(np.full((1, len(visible), 3), colour, np.uint8) * seen[..., None], seen, behind)


@pytest.mark.parametrize(
    ("weight", "colour", "behind"),
    [
        (Fraction(1, 4), [125, 100, 0, 0], [20, 10, 0, 0]),
        (Fraction(1, 2), [150, 100, 0, 0], [30, 10, 0, 0]),
        (Fraction(3, 4), [175, 0, 200, 0], [40, 0, 50, 0]),
    ],
)
def test_the_holes_are_those_of_the_frame_with_the_larger_share(
    weight: Fraction, colour: list[int], behind: list[int]
) -> None:
    """And where the other has a hole, nothing is mixed in from it; of equal shares the one on screen decides."""
    shown = picture(100, [True, True, False, False], [10, 10, 0, 0])
    other = picture(200, [True, False, True, False], [50, 0, 50, 0])
    frame = cross_faded(shown, other, weight)

    assert frame.background is not None
    assert frame.colour[0, :, 0].tolist() == colour
    assert frame.visible[0].tolist() == [value > 0 for value in colour]
    assert frame.background[0, :, 0].tolist() == behind


def test_half_speed_shows_mixes_between_the_frames_of_the_source(tmp_path: Path) -> None:
    setup = set_up_slowed(tmp_path)
    frames = list(draw_guide(setup.footage, setup.path, CpuRasterizer(), GuideRecipe()))
    sources = source_frames()

    assert len(frames) == 12
    for index, frame in enumerate(frames):
        shown = 6 + index // 2
        between = index % 2 and index != 11  # nothing of the range follows its last frame
        expected = halfway(sources[shown], sources[shown + 1]) if between else sources[shown]
        np.testing.assert_array_equal(frame.colour, expected, str(index))
        assert frame.visible.all()
    assert not np.array_equal(frames[1].colour, frames[0].colour)


def test_seen_from_the_side_both_frames_are_drawn_and_mixed(tmp_path: Path) -> None:
    setup = set_up_slowed(tmp_path, more=", camera: [orbit: {right: 20deg}]")
    alone = replace(setup.path, cross_fades=())
    later = replace(alone, source_time=tuple(time + Fraction(1, 12) for time in alone.source_time))
    frame, shown, other = (
        next(draw_guide(setup.footage, path, CpuRasterizer(), GuideRecipe(), [9]))
        for path in (setup.path, alone, later)
    )
    both = shown.visible & other.visible
    assert frame.background is not None and shown.background is not None

    np.testing.assert_array_equal(frame.visible, shown.visible)
    np.testing.assert_array_equal(frame.colour[both], halfway(shown.colour, other.colour)[both])
    np.testing.assert_array_equal(frame.colour[~both], shown.colour[~both])
    assert (shown.visible & ~other.visible).any()
    assert (halfway(shown.colour, other.colour) != shown.colour)[both].any()


def test_each_mesh_is_built_once_however_often_it_is_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a quarter of the speed every frame of the source is in up to eight frames of the shot."""
    built: list[int] = []
    build = ex4d.guide.frame_mesh

    def counted(colour: np.ndarray, *rest: object) -> object:
        built.append(next(k for k, frame in enumerate(source_frames()) if np.array_equal(frame, colour)))
        return build(colour, *rest)

    monkeypatch.setattr("ex4d.guide.frame_mesh", counted)
    setup = set_up_slowed(tmp_path, "0.25", ", frames: 12, camera: [pan: 5deg]")
    assert len(list(draw_guide(setup.footage, setup.path, CpuRasterizer(), GuideRecipe(background=False)))) == 12
    assert built == [6, 7, 8, 9]


def test_a_film_is_made_anew_when_blend_changes(tmp_path: Path) -> None:
    made = [
        shoot(load(slowed(tmp_path, "0.5", ", frames: 3", blend)), folder=tmp_path / "out").takes[0]
        for blend in ("true", "true", "false")
    ]
    (frame,) = made[2].result.frames(1, 2)
    manifest = json.loads((made[2].folder / MANIFEST).read_text(encoding="utf-8"))

    assert [take.kept for take in made] == [False, True, False]
    np.testing.assert_array_equal(frame, source_frames()[6])
    assert (manifest["plays"]["blend"], manifest["plays"]["frames"]) == (False, 3)
    assert manifest["plays"]["parts"][0]["speed"] == {"start": "1/2", "end": "1/2"}


def test_a_reconstruction_of_a_cross_faded_shot_says_whose_meshes_it_saves(tmp_path: Path) -> None:
    file = slowed(tmp_path, more=", camera: [orbit: {right: 20deg}]")
    job = Recon(tmp_path / "out", shot=f"{file}#slow", frame_count=3, lossless=True, mesh_frames=(1,))
    reconstruct(job)
    setup = set_up_slowed(tmp_path, more=", camera: [orbit: {right: 20deg}]")
    guide = draw_guide(setup.footage, setup.path, CpuRasterizer(), GuideRecipe(in_depth_units=True, background=False))
    colours = read_frames(probe(job.color), range(3))

    for frame, colour in zip(guide, colours, strict=False):
        np.testing.assert_array_equal(colour, frame.colour)
    assert "each is of the source frame on screen" in job.manifest.read_text(encoding="utf-8")
