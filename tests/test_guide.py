"""Guides of a tiny source whose truth is known: a wall that stands still behind a square that moves."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.mesh_profile import PROFILES
from ex4d.backdrop import Backdrop, frame_mesh, plate_times
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import ENGINES
from ex4d.footage import Footage
from ex4d.guide import GuideRecipe, draw_guide
from ex4d.media.writing import LosslessWriter
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.supersampling import Supersampled
from ex4d.setups import Setup, set_up
from ex4d.shotlist.load import load
from ex4d.synthesis.mesh_engine import complete_frame
from tests.shared_data import shared_data
from tests.tiny_film import FRAMES, HEIGHT, RATE, SHOTS, WIDTH, source_depth, source_frames, write_tiny_film

WALL_DEPTH = 4.0
SHIFT_PX = 4


@pytest.fixture
def swing(tmp_path: Path) -> Setup:
    film = load(write_tiny_film(tmp_path))
    return set_up(film.shots[1], film.output)


def trucked(setup: Setup) -> CameraPath:
    """Move the camera so far to the right that the wall shifts by whole pixels."""
    step = SHIFT_PX * WALL_DEPTH / setup.path.scene.lens.focal_px / setup.footage.subject_distance
    poses = np.broadcast_to(np.eye(4), setup.path.world_from_camera.shape).copy()
    poses[1:, 0, 3] = step
    return replace(setup.path, world_from_camera=poses, lens_factor=np.ones(len(poses)))


def clean_wall() -> np.ndarray:
    """The wall without the square: each place from a frame that shows it."""
    first, last = source_frames()[0], source_frames()[-1]
    return np.where((first == (230, 40, 30)).all(axis=-1, keepdims=True), last, first)


def test_uncovered_places_show_the_wall_that_other_frames_saw(swing: Setup) -> None:
    path = trucked(swing)
    frames = list(draw_guide(swing.footage, path, CpuRasterizer(), GuideRecipe()))
    truth = clean_wall()[:, SHIFT_PX:]
    for guide in frames[1:]:
        result = complete_frame(guide.colour, guide.visible, guide.background)[:, :-SHIFT_PX]
        opened = ~guide.visible[:, :-SHIFT_PX]
        assert opened[16:36].sum() > 40
        assert np.abs(result.astype(int) - truth)[opened].max() <= 1


def test_what_is_visible_is_the_source_shifted_by_its_depth(swing: Setup) -> None:
    path = trucked(swing)
    index = 5
    guide = next(draw_guide(swing.footage, path, CpuRasterizer(), GuideRecipe(background=False), [index]))
    source = source_frames()[swing.footage.index_at(path.source_time[index])]
    wall = guide.visible[:12, : WIDTH - SHIFT_PX]
    assert wall.all()
    shown, expected = guide.colour[:12, : WIDTH - SHIFT_PX], source[:12, SHIFT_PX:]
    assert np.abs(shown.astype(int) - expected).max() <= 1
    assert guide.background is None


def test_asking_for_one_frame_gives_the_frame_of_the_whole(swing: Setup) -> None:
    whole = list(draw_guide(swing.footage, swing.path, CpuRasterizer(), GuideRecipe()))
    for index in (0, 7, 11):
        (one,) = draw_guide(swing.footage, swing.path, CpuRasterizer(), GuideRecipe(), [index])
        np.testing.assert_array_equal(one.colour, whole[index].colour)
        np.testing.assert_array_equal(one.visible, whole[index].visible)
        assert one.background is not None
        np.testing.assert_array_equal(one.background, whole[index].background)


def test_at_the_source_camera_the_frame_is_the_source(swing: Setup) -> None:
    first = next(draw_guide(swing.footage, swing.path, CpuRasterizer(), GuideRecipe(), [0]))
    assert first.visible.all()
    np.testing.assert_array_equal(first.colour, source_frames()[6])


def test_no_pixel_of_the_frame_is_lost_to_the_mesh_border(swing: Setup) -> None:
    poses = np.broadcast_to(np.eye(4), swing.path.world_from_camera.shape).copy()
    poses[:, 0, 3] = 1e-7
    path = replace(swing.path, world_from_camera=poses)
    guide = next(draw_guide(swing.footage, path, CpuRasterizer(), GuideRecipe(), [3]))
    edge = np.ones((HEIGHT, WIDTH), bool)
    edge[1:-1, 1:-1] = False
    assert guide.visible[edge].mean() > 0.98


def test_a_source_that_moves_gets_a_guess_instead_of_a_plate(tmp_path: Path) -> None:
    film = load(write_tiny_film(tmp_path))
    with LosslessWriter(tmp_path / "tiny.mkv", (WIDTH, HEIGHT), RATE) as video:
        for index, frame in enumerate(source_frames()):
            video.write(np.ascontiguousarray(np.roll(frame, 9 * index, axis=1)))
    setup = set_up(film.shots[1], film.output)
    backdrop = Backdrop.of_shot(setup.footage, setup.path)
    assert backdrop.plate is None
    guides = list(draw_guide(setup.footage, setup.path, CpuRasterizer(), GuideRecipe()))
    assert len(guides) == 12
    assert all(guide.background is not None for guide in guides)


def test_the_plate_looks_a_few_seconds_to_either_side_and_no_further(swing: Setup) -> None:
    times = plate_times(swing.footage, swing.path)
    assert len(times) == FRAMES
    assert times == sorted(times)
    far = longer(swing.footage)
    times = plate_times(far, swing.path)
    assert len(times) <= 24
    assert times[-1] - swing.path.source_time[-1] <= 5


def longer(footage: Footage) -> Footage:
    """The same footage, as if its clip went on for ten minutes."""
    times = tuple(footage.clip.frame_times[1] * index for index in range(7200))
    return replace(footage, clip=replace(footage.clip, frame_times=times))


def test_the_plate_looks_at_nothing_between_parts_that_are_far_apart(swing: Setup) -> None:
    """There the source may show another scene."""
    times = tuple(Fraction(index) for index in range(100))
    long = replace(swing.footage, clip=replace(swing.footage.clip, frame_times=times))
    shown = tuple(Fraction(moment) for moment in (80, 81, 10, 10, 80))
    path = replace(swing.path, source_time=shown)

    assert plate_times(long, path) == [Fraction(index) for index in (*range(5, 16), *range(75, 87))]
    assert len(plate_times(long, replace(path, source_time=(Fraction(10), Fraction(40))))) == 22
    assert len(plate_times(long, replace(path, source_time=(Fraction(10), Fraction(20), Fraction(60))))) == 24


def test_overscan_leaves_something_to_show_beyond_the_edges(tmp_path: Path) -> None:
    overscanned = SHOTS.replace("output: {file: tiny.mp4}", "output: {file: tiny.mp4, overscan: 20%}")
    shares = []
    for name, text in (("bare", SHOTS), ("overscanned", overscanned)):
        (tmp_path / name).mkdir()
        film = load(write_tiny_film(tmp_path / name, text))
        setup = set_up(film.shots[1], film.output)
        path = trucked(setup)
        guide = next(draw_guide(setup.footage, path, CpuRasterizer(), GuideRecipe(), [5]))
        shares.append(float(guide.visible[:10, -SHIFT_PX:].mean()))
    assert shares[0] < 0.1
    assert shares[1] > 0.95


REFERENCE = ENGINES["ex4d"].recipe(EngineOptions())


def test_in_the_references_style_the_first_frame_alone_is_the_sources_own(swing: Setup) -> None:
    still = replace(swing.path, world_from_camera=np.tile(np.eye(4), (12, 1, 1)), lens_factor=np.ones(12))
    first, second = draw_guide(swing.footage, still, CpuRasterizer(), REFERENCE, [0, 1])
    assert first.visible.all()
    np.testing.assert_array_equal(first.colour, source_frames()[6])
    assert not second.visible[[0, -1]].any()
    assert second.visible[4:-4, 4:-4].mean() > 0.8


def test_the_references_guide_is_the_same_in_any_unit_of_depth(tmp_path: Path) -> None:
    """Its border is at a fixed depth there; here it goes with the clip's nearest point."""
    guides = []
    for scale in (1.0, 7.0):
        folder = tmp_path / str(scale)
        folder.mkdir()
        film = load(write_tiny_film(folder))
        np.savez_compressed(folder / "tiny.npz", depth=source_depth() * np.float32(scale))
        setup = set_up(film.shots[1], film.output)
        guides.append(list(draw_guide(setup.footage, setup.path, CpuRasterizer(), REFERENCE)))
    for one, other in zip(*guides, strict=True):
        assert (one.visible == other.visible).mean() > 0.999
        assert np.abs(one.colour.astype(int) - other.colour)[one.visible & other.visible].max() <= 1


def test_a_first_frame_that_is_not_the_sources_is_completed_where_asked(swing: Setup) -> None:
    path = trucked(swing)
    poses = path.world_from_camera.copy()
    poses[0] = poses[1]
    moved = replace(path, world_from_camera=poses)
    for name, profile in PROFILES.items():
        recipe = GuideRecipe(profile, background=False)
        whole, bare = (
            next(draw_guide(swing.footage, moved, CpuRasterizer(), each, [0]))
            for each in (replace(recipe, whole_first_frame=True), recipe)
        )
        assert not bare.visible.all()
        assert whole.visible.all()
        assert whole.background is None
        np.testing.assert_array_equal(whole.colour[bare.visible], bare.colour[bare.visible])
        if name == "clean":  # the other lies half a pixel away
            opened = ~bare.visible[:, :-SHIFT_PX]
            filled = whole.colour[:, :-SHIFT_PX].astype(int) - clean_wall()[:, SHIFT_PX:]
            assert np.abs(filled)[opened].max() <= 1


def test_the_references_guide_is_its_renderers(tmp_path: Path) -> None:
    """Its own render of a studio scene: visibility agrees on 99.8 % of every frame, colour to 0.3 of 255.

    Its nearest point lies at 2.6, not 2.564, so that our border is 1.4 % further away than its 100.
    """
    with np.load(shared_data("reference_render/studio_180.npz")) as file:
        truth = {name: file[name] for name in ("source", "depth", "radius", "extrinsics", "colour", "visible")}
    height, width = truth["depth"].shape[1:]
    with LosslessWriter(tmp_path / "tiny.mkv", (width, height), RATE) as video:
        for frame in truth["source"]:
            video.write(frame)
    np.savez_compressed(tmp_path / "tiny.npz", depth=truth["depth"])
    (tmp_path / "studio.yaml").write_text(
        "ex4d: 1\nsource: {video: tiny.mkv, depth: {file: tiny.npz, unit: m}, lens: 300px, "
        f"subject: {{depth: {float(truth['radius']):.7f}}}}}\n"
        "shots:\n  - name: a\n    camera:\n      - use: ex4d-180@1\n",
        encoding="utf-8",
    )
    film = load(tmp_path / "studio.yaml")
    setup = set_up(film.shots[0], film.output)
    for index, guide in enumerate(draw_guide(setup.footage, setup.path, CpuRasterizer(), REFERENCE)):
        if index == 0:  # given as it was rendered there
            continue
        both = guide.visible & truth["visible"][index]
        assert (guide.visible == truth["visible"][index]).mean() >= 0.998, index
        assert np.abs(guide.colour[both].astype(float) - truth["colour"][index][both]).mean() <= 0.3


def test_a_profile_with_samples_decides_each_pixel_by_them(swing: Setup) -> None:
    path, profile = swing.path, replace(PROFILES["clean"], samples=3)
    drawn, usual = (
        next(draw_guide(swing.footage, path, CpuRasterizer(), GuideRecipe(each, background=False), [5]))
        for each in (profile, PROFILES["clean"])
    )
    source = next(swing.footage.frames([path.source_time[5]]))
    mesh = frame_mesh(source.colour, source.depth, swing.footage)
    pose = path.translated_in_depth_units(swing.footage.subject_distance)[5]
    expected = Supersampled(CpuRasterizer(), 3).render(mesh, pose, path.scene.lens)
    np.testing.assert_array_equal(drawn.visible, expected.visible)
    np.testing.assert_array_equal(drawn.colour, expected.colour)
    assert (drawn.visible != usual.visible).any()


def test_a_profile_that_hides_unknown_depth_shows_less_of_the_source(tmp_path: Path) -> None:
    film = load(write_tiny_film(tmp_path))
    depth = source_depth()
    depth[:, 22:30, 2:10] = 0.0
    np.savez_compressed(tmp_path / "tiny.npz", depth=depth)
    setup = set_up(film.shots[1], film.output)
    fills = GuideRecipe(background=False)
    hides = replace(fills, profile=replace(PROFILES["clean"], unknown="hide"))
    filled, hidden = (
        next(draw_guide(setup.footage, trucked(setup), CpuRasterizer(), recipe, [5])).visible
        for recipe in (fills, hides)
    )
    patch = np.zeros_like(filled)
    patch[22:30, 2 - SHIFT_PX + 4 : 10 - SHIFT_PX] = True
    assert filled[patch].all()
    assert not hidden[patch].any()
    np.testing.assert_array_equal(filled[~_grown(patch)], hidden[~_grown(patch)])


def _grown(mask: np.ndarray) -> np.ndarray:
    return binary_dilation(mask, iterations=5)
