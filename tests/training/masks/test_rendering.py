"""Rendering masks of an excerpt of real media: a square that moves before a wall."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.mesh_profile import NEAREST
from ex4d.backdrop import frame_mesh
from ex4d.errors import ReconstructionError
from ex4d.footage import open_footage
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.shotlist.load import load
from ex4d.training.excerpts import Excerpt, OpenedExcerpt
from ex4d.training.masks.rendering import guide_profile, rendering_mask, source_cameras
from ex4d.training.masks.visibility import GUIDES, visible_from
from tests.tiny_film import HEIGHT, RATE, SHOTS, WIDTH, source_depth, write_tiny_film
from tests.training.masks.mask_scenes import moved, turned

RASTERIZER = CpuRasterizer(1)
FRAMES = (0, 5, 9)
SQUARE, WALL = 2.0, 4.0
RIGHT = 0.2
"""Subject distances; the subject is the wall."""


def opened(folder: Path, depth: np.ndarray | None = None, output: str = "") -> OpenedExcerpt:
    """Open frames of the tiny film, with other depth or another output where they are given."""
    shots = SHOTS.replace("lens: 54deg}", f"lens: 54deg, subject: {{depth: {WALL}}}}}").replace(
        "unit: m}", "unit: m, unknown: 0}"
    )
    film = load(write_tiny_film(folder, shots.replace("{file: tiny.mp4}", f"{{file: tiny.mp4{output}}}")))
    if depth is not None:
        np.savez_compressed(folder / "tiny.npz", depth=depth)
    footage = open_footage(film.shots[0], film.output)
    times = tuple(Fraction(k) / RATE for k in FRAMES)
    colour = np.stack([footage.fit.view_of(frame.colour) for frame in footage.frames(times)])
    excerpt = Excerpt("tiny-0000", film.shots[0].source, FRAMES, footage.fit.view, "a square")
    return OpenedExcerpt(excerpt, colour, RATE, footage, times)


def path_of(opened: OpenedExcerpt, *poses: np.ndarray, lens: tuple[float, ...] | None = None) -> CameraPath:
    assert opened.footage is not None
    factors = np.array(lens or [1.0] * len(poses))
    return CameraPath(np.stack(poses), factors, opened.times, RATE, opened.footage.scene)


@pytest.fixture
def tiny(tmp_path: Path) -> OpenedExcerpt:
    return opened(tmp_path)


def test_each_frame_is_seen_from_where_its_camera_has_the_source(tiny: OpenedExcerpt) -> None:
    """In the depth of its own moment, in multiples of the subject's distance, by the rules of guides."""
    zooms = 1.0, 1.0, 2.0
    path = path_of(tiny, moved(), turned(10, pivot=1.0), turned(-10, pivot=1.0), lens=zooms)
    mask = rendering_mask(tiny, path, RASTERIZER)
    assert tiny.footage is not None
    lens, profile = tiny.footage.grid_lens, GUIDES.scaled(SQUARE / NEAREST)
    for visible, index, angle, zoom in zip(mask, FRAMES, (0, -10, 10), zooms, strict=True):
        depth, pose = source_depth()[index], turned(angle, pivot=WALL)
        wider = lens.zoomed(1 / zoom)
        np.testing.assert_array_equal(visible, visible_from(depth, lens, pose, wider, RASTERIZER, profile))
    assert not mask[1].all()


@pytest.mark.parametrize("ahead", [-0.5, 0.25, 0.5])
def test_the_subject_takes_the_place_of_the_pivot(tiny: OpenedExcerpt, ahead: float) -> None:
    """Backing away by half of the pivot's distance, the source's camera is a third of it further in."""
    still = moved()
    (_, seen, _) = source_cameras(path_of(tiny, still, moved(ahead=ahead), still))
    np.testing.assert_allclose(seen, moved(ahead=-ahead / (1 - ahead)), atol=1e-12)
    np.testing.assert_allclose((1 - seen[2, 3]), 1 / (1 - ahead), atol=1e-12)


@pytest.mark.parametrize("side", [(0.3, 0.0), (-0.3, 0.0), (0.0, 0.2)])
def test_the_holes_are_where_the_guides_of_the_path_have_them(tiny: OpenedExcerpt, side: tuple[float, float]) -> None:
    """On the side that the camera goes to, outside the source's frame and beside the square."""
    assert tiny.footage is not None
    pose = moved(*side)
    path = path_of(tiny, pose, pose, pose)
    mask = rendering_mask(tiny, path, RASTERIZER)
    frame = next(tiny.footage.frames(tiny.times[:1]))
    mesh = frame_mesh(frame.colour, frame.depth, tiny.footage, guide_profile(tiny.footage), frame.known)
    far = path.translated_in_depth_units(tiny.footage.subject_distance)[0]
    guide = RASTERIZER.render(mesh, far, tiny.footage.scene.lens).visible
    middle = np.array([HEIGHT / 2, WIDTH / 2])
    for holes in (~mask[0], ~guide):
        rim = np.argwhere(holes).mean(axis=0) - middle
        assert np.dot(rim, side[::-1]) > 0


def test_the_mask_is_what_the_view_has(tmp_path: Path) -> None:
    """With overscan the view is the middle of what is looked at; in bars nothing is seen."""
    still = moved()
    within = opened(tmp_path, output=f", size: {WIDTH - 16}x{HEIGHT - 12}, overscan: 20%")
    mask = rendering_mask(within, path_of(within, still, still, still), RASTERIZER)
    assert mask.shape == (3, HEIGHT - 12, WIDTH - 16)
    assert mask[:, 0].all(), "the frame's own rim lies beyond the view"

    barred = opened(tmp_path, output=f", size: {WIDTH + 16}x{HEIGHT}, fit: pad")
    mask = rendering_mask(barred, path_of(barred, still, still, still), RASTERIZER)
    assert not mask[:, :, :8].any()
    assert not mask[:, :, -8:].any()
    assert mask[:, 2:-2, 10:-10].mean() > 0.9


def test_the_rules_of_guides_are_in_the_units_of_the_clip(tiny: OpenedExcerpt) -> None:
    """EX-4D has scaled each clip so that its nearest point lies at one place; its border is 39 times as far."""
    assert tiny.footage is not None
    assert guide_profile(tiny.footage) == GUIDES.scaled(SQUARE / NEAREST)


def test_a_clip_without_depth_has_no_rendering_mask(tiny: OpenedExcerpt) -> None:
    still = moved()
    with pytest.raises(ReconstructionError, match="tiny-0000: a rendering mask needs depth"):
        rendering_mask(replace(tiny, footage=None), path_of(tiny, still, still, still), RASTERIZER)


def test_unknown_depth_makes_no_holes(tiny: OpenedExcerpt, tmp_path: Path) -> None:
    """It is continued from what surrounds it: on a wall, at the frame's rim and beside an edge."""
    depth = source_depth()
    depth[:, 4:9, 20:40] = 0.0
    depth[:, :, :3] = 0.0
    for index in range(len(depth)):
        depth[index, 16:36, 9 + index : 12 + index] = 0.0
    partly = opened(tmp_path, depth)
    aside = moved(right=RIGHT)
    masks = [rendering_mask(each, path_of(each, aside, aside, aside), RASTERIZER) for each in (tiny, partly)]
    np.testing.assert_array_equal(*masks)
