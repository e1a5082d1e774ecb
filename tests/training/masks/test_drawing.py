"""Drawn masks: seeded, of both kinds by their shares, grown, and with the first frame whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from ex4d.errors import ReconstructionError, TrajectoryError
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.shotlist.model import DepthFile
from ex4d.training.config.draws import CameraDraws
from ex4d.training.config.records import CameraChoice, Masks, RenderingMasks, TrackingMasks, TrainingConfig
from ex4d.training.dataset.clips import find_clips
from ex4d.training.dataset.opening import Means, opened_clip
from ex4d.training.dataset.report import Report
from ex4d.training.excerpts import OpenedExcerpt
from ex4d.training.masks.drawing import HIDDEN, MaskMaker
from ex4d.training.masks.flow_tracker import FlowTracker
from ex4d.training.masks.tracker import Tracks
from tests.training.dataset.tiny_clips import config, write_clip, write_depth

ORBIT = "[{orbit: {right: 15deg to 40deg}}]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("drawing")
    write_clip(place / "clips" / "wall.mkv")
    write_depth(place / "wall.npz")
    return place


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[OpenedExcerpt]:
    """A square two metres before a wall, in five frames."""
    yield from _opened(folder, config(folder, depth=DepthFile(file=folder / "wall.npz")))


def _opened(folder: Path, file: TrainingConfig) -> Iterator[OpenedExcerpt]:
    (clip,) = find_clips(file.clips, Report())
    with_depth = Means(with_depth=file.clips.depth is not None)
    with opened_clip(clip, file.clips, file.excerpts, folder / "scratch", with_depth) as lent:
        yield lent.opened(lent.excerpts[0])


def maker(
    folder: Path,
    *,
    rendering: float,
    seed: int = 0,
    erode: int | None = 0,
    camera: str = ORBIT,
    regions: tuple[float, float] = (0.05, 0.3),
) -> MaskMaker:
    masks = Masks(
        rendering=RenderingMasks(share=rendering, cameras=(CameraChoice(camera=camera),)),
        tracking=TrackingMasks(share=1 - rendering, smallest=regions[0], largest=regions[1]),
        erode=erode,
        seed=seed,
    )
    file = config(folder).model_copy(update={"masks": masks})
    return MaskMaker(masks, CameraDraws.of(file), CpuRasterizer(threads=1), FlowTracker())


@pytest.mark.parametrize("rendering", [1.0, 0.0])
def test_draws_are_functions_of_seed_and_index(folder: Path, opened: OpenedExcerpt, rendering: float) -> None:
    """The same seed and index give the same mask, in any order; others give others."""
    some, again = maker(folder, rendering=rendering), maker(folder, rendering=rendering)
    masks = [some.draw(opened, index).visible for index in (0, 1)]
    assert np.array_equal(masks[1], again.draw(opened, 1).visible)
    assert not np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], maker(folder, rendering=rendering, seed=1).draw(opened, 0).visible)


@pytest.mark.parametrize("rendering", [1.0, 0.0])
def test_masks_hide_some_of_all_but_the_first_frame(folder: Path, opened: OpenedExcerpt, rendering: float) -> None:
    """The first frame is whole, and the others lack as much as is asked for."""
    drawn = maker(folder, rendering=rendering).draw(opened, 0)
    assert drawn.visible.shape == opened.colour.shape[:3]
    assert drawn.visible[0].all()
    assert HIDDEN[0] <= 1 - drawn.visible[1:].mean() <= HIDDEN[1]


def test_kinds_take_turns(folder: Path, opened: OpenedExcerpt) -> None:
    """Of four masks with equal shares, two are of each kind; a camera's words say what was drawn of its range."""
    mixed = maker(folder, rendering=0.5)
    drawn = [mixed.draw(opened, index) for index in range(4)]
    assert sorted(mask.kind for mask in drawn) == ["rendering"] * 2 + ["tracking"] * 2
    assert all(("orbit: {right: " in mask.words) == (mask.kind == "rendering") for mask in drawn)


@pytest.mark.parametrize("rendering", [1.0, 0.0])
def test_holes_grow_by_erosion(folder: Path, opened: OpenedExcerpt, rendering: float) -> None:
    """What an eroded mask shows, the same mask shows without; by more than it hides at all, it hides more."""
    plain, grown, drawn = (
        maker(folder, rendering=rendering, erode=erode).draw(opened, 0).visible for erode in (0, 5, None)
    )
    assert not np.any(grown & ~plain)
    assert grown.sum() < plain.sum()
    assert not np.any(drawn & ~plain)
    assert grown[0].all()


@dataclass
class Counting:
    """Everything goes right by a pixel a frame; remembers what it was asked to follow."""

    asked: list[np.ndarray] = field(default_factory=list)

    def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
        self.asked.append(frames)
        steps = np.arange(len(frames), dtype=np.float32)[:, None, None] * np.float32([1, 0])
        return Tracks(points + steps, np.ones((len(frames), len(points)), bool))


def test_an_excerpt_is_tracked_once(folder: Path, opened: OpenedExcerpt) -> None:
    """However many masks are drawn of it; another excerpt, of as many frames, is tracked for itself."""
    tracker = Counting()
    drawing = replace(maker(folder, rendering=0.0), tracker=tracker)
    other = replace(opened, colour=opened.colour[:, ::-1].copy())
    masks = [drawing.draw(opened, index).visible for index in range(4)]
    drawing.draw(other, 0)
    assert [id(frames) for frames in tracker.asked] == [id(opened.colour), id(other.colour)]
    anew = [replace(drawing, tracker=Counting()).draw(opened, index).visible for index in range(4)]
    assert np.array_equal(masks, anew)


def test_rendering_needs_depth(folder: Path, opened: OpenedExcerpt) -> None:
    """A clip without depth can be tracked and not rendered, which is told."""
    (flat,) = _opened(folder, config(folder))
    assert flat.footage is None
    assert maker(folder, rendering=0.0).draw(flat, 0).kind == "tracking"
    with pytest.raises(ReconstructionError, match=r"^wall-0002: a rendering mask needs depth, and the clip has none$"):
        maker(folder, rendering=1.0).draw(flat, 0)


def test_a_camera_that_can_never_film_is_told(folder: Path, opened: OpenedExcerpt) -> None:
    """Where every camera that is drawn is none, as half-way here, that is told of the mask's shot."""
    nowhere = "[path: {right: 1 / (s - 0.5)}]"
    with pytest.raises(TrajectoryError, match="mask-0-7"):
        maker(folder, rendering=1.0, camera=nowhere).draw(opened, 0)


def test_the_key_knows_what_decides_a_draw(folder: Path) -> None:
    """Another range, share, seed or preset is another key; the same file has the same one."""
    keys = [
        repr(maker(folder, rendering=share, seed=seed, camera=camera).key)
        for share, seed, camera in (
            (0.5, 0, ORBIT),
            (0.5, 0, ORBIT),
            (0.4, 0, ORBIT),
            (0.5, 1, ORBIT),
            (0.5, 0, "[{orbit: {right: 15deg to 41deg}}]"),
            (0.5, 0, "[use: orbit-right@1]"),
            (0.5, 0, "[use: ex4d-60@1]"),
        )
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == len(keys) - 1


def test_a_mask_that_hides_too_little_is_told(folder: Path, opened: OpenedExcerpt) -> None:
    """Where no draw hides enough the last one is taken, and its words say so."""
    words = maker(folder, rendering=0.0, regions=(0.001, 0.002)).draw(opened, 0).words
    assert words.endswith("followed by flow (of 8 draws none hid 0.5% to 90%)")
