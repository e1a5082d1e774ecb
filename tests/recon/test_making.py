"""Frames are written as they are drawn, and what is drawn is what the profile says."""

from __future__ import annotations

import json
import weakref
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.surface import Surface
from ex4d.errors import MissingPart, OutputError, ReconstructionError
from ex4d.media.writing import H264Writer, LosslessWriter
from ex4d.recon import making, outputs
from ex4d.recon.inputs import read_inputs
from ex4d.recon.job import Recon
from ex4d.reconstruction.refinement import Refinement
from ex4d.shotlist.model import DepthFile, DepthModel
from tests.tiny_depth_model import write_tiny_weights
from tests.tiny_film import FRAMES, HEIGHT, WIDTH, source_depth, write_tiny_film


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recon:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_tiny_film(tmp_path)
    depth = DepthFile(file=tmp_path / "tiny.npz", unit="m")
    return Recon(tmp_path / "out", cam="30", video=tmp_path / "tiny.mkv", depth=depth)


def with_changes(job: Recon, **changes: object) -> Recon:
    return replace(job, **changes)


class Steps:
    """Hears how work goes on."""

    def __init__(self) -> None:
        self.tasks: dict[str, tuple[int, int]] = {}
        self.said: list[str] = []

    def begin(self, task: str, total: int) -> None:
        self.task = task
        self.tasks[task] = (0, total)

    def advance(self) -> None:
        done, total = self.tasks[self.task]
        self.tasks[self.task] = (done + 1, total)

    def say(self, text: str) -> None:
        self.said.append(text)


def test_all_work_is_told_to_its_end(job: Recon) -> None:
    heard = Steps()
    making.reconstruct(with_changes(job, mesh_frames=(3, 0, 3)), heard)
    assert heard.tasks == {"meshes": (2, 2), "recon 30": (FRAMES, FRAMES)}


def test_no_more_than_two_frames_are_held_however_many_there_are(job: Recon, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[np.ndarray]] = []
    most = []
    drawn = making.draw_guide

    def counting(*arguments: object, **options: object):
        for frame in drawn(*arguments, **options):
            alive.append(weakref.ref(frame.colour))
            most.append(sum(reference() is not None for reference in alive))
            yield frame

    monkeypatch.setattr(making, "draw_guide", counting)
    making.reconstruct(job)
    assert len(most) == FRAMES
    assert max(most) <= 2


def test_depth_that_a_crop_leaves_nothing_of_is_named_with_its_frame(job: Recon, tmp_path: Path) -> None:
    depth = source_depth()
    depth[:, :, 8:-8] = 0.0
    depth[:4, :, 8:-8] = 4.0
    np.savez(tmp_path / "tiny.npz", depth=depth)
    with pytest.raises(ReconstructionError, match=r"tiny\.mkv, frame 4: no depth is known in a frame"):
        making.reconstruct(with_changes(job, size=(HEIGHT - 16, HEIGHT)))
    assert not list((tmp_path / "out").iterdir())


def test_without_depth_a_model_estimates_it_and_is_named(
    job: Recon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    write_tiny_weights(tmp_path / "models")
    heard = Steps()
    made = making.reconstruct(with_changes(job, depth=None, frame_count=3), heard)
    assert len(made.coverage) == 3
    assert any(f"estimating the depth of {job.video.name} by depth-anything-v2-small" in words for words in heard.said)
    told = json.loads(made.manifest.read_text())["depth"]
    assert (told["model"], told["licence"]) == ("depth-anything-v2-small", "Apache-2.0")


def test_a_rasterizer_that_is_not_here_is_a_missing_part(job: Recon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(MissingPart, match="nvdiffrast"):
        making.reconstruct(with_changes(job, rasterizer="nvdiffrast"))
    assert not job.out.exists()


def test_a_mesh_that_cannot_be_written_has_its_own_name_in_the_error(
    job: Recon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(surface: Surface, file: Path) -> None:
        raise OutputError(f"{file} cannot be written: No space left on device")

    monkeypatch.setattr(outputs, "save_surface", full)
    with pytest.raises(OutputError) as caught:
        making.reconstruct(with_changes(job, mesh_frames=(0,)))
    assert str(caught.value) == f"{job.out / 'DW-Mesh.ply'} cannot be written: No space left on device"
    assert not list(job.out.iterdir())


def test_a_disk_that_is_full_at_the_end_leaves_none_of_the_files(job: Recon, monkeypatch: pytest.MonkeyPatch) -> None:
    """A video's index is written when its last frame is; its mask is whole by then."""

    class Filling(H264Writer):
        def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
            super().__exit__(kind, error, None)
            raise OutputError(f"{job.out} has no space left")

    monkeypatch.setattr(outputs, "H264Writer", Filling)
    with pytest.raises(OutputError, match="no space left"):
        making.reconstruct(with_changes(job, mesh_frames=(0,), save_camera=True))
    assert not list(job.out.iterdir())


def test_a_rate_that_is_not_steady_gives_each_frame_once_and_is_said(job: Recon, tmp_path: Path) -> None:
    """As the released code does, which knows no times."""
    import av

    frames, times = 6, (0, 1, 2, 5, 9, 10)
    with av.open(str(tmp_path / "tiny.mkv"), "w", format="matroska") as output:
        stream = output.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr0"
        for index, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((HEIGHT, WIDTH, 3), 40 * index, np.uint8), format="rgb24")
            frame = frame.reformat(format="bgr0")
            frame.pts, frame.time_base = time, Fraction(1, 24)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    np.savez(tmp_path / "tiny.npz", depth=source_depth()[:frames])
    heard = Steps()
    made = making.reconstruct(job, heard)
    assert len(made.coverage) == frames
    assert any("tiny.mkv has no steady rate; its frames are shown evenly" in words for words in heard.said)


def test_a_single_frame_is_a_video_too(tmp_path: Path) -> None:
    """It shows where the camera starts."""
    with LosslessWriter(tmp_path / "one.mkv", (WIDTH, HEIGHT), Fraction(24)) as video:
        video.write(np.full((HEIGHT, WIDTH, 3), 99, np.uint8))
    np.savez(tmp_path / "one.npz", depth=np.full((1, HEIGHT, WIDTH), 3.0, np.float32))
    depth = DepthFile(file=tmp_path / "one.npz")
    made = making.reconstruct(Recon(tmp_path / "out", cam="180", video=tmp_path / "one.mkv", depth=depth))
    assert [frame.uncovered for frame in made.coverage] == [0.0]


@pytest.mark.parametrize(
    ("profile", "asked", "done"),
    [
        ("clean", None, Refinement("guided", sharpen=True)),
        ("reference", None, Refinement("surfaces", sharpen=False)),
        ("reference", DepthModel(model="depthcrafter"), Refinement("surfaces", sharpen=False)),
        ("reference", DepthModel(model="auto", sharpen=True, upsample="guided"), Refinement("guided", sharpen=True)),
    ],
)
def test_the_reference_s_depth_is_as_the_model_gave_it_unless_asked_otherwise(
    job: Recon, profile: str, asked: DepthModel | None, done: Refinement
) -> None:
    source = read_inputs(with_changes(job, depth=asked, profile_name=profile)).source
    assert source.depth is not None
    assert Refinement.of(source.depth) == done
