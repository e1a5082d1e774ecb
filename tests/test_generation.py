"""EX-4D's second command: a render and its mask, completed."""

from __future__ import annotations

import errno
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

import ex4d
from ex4d.artifacts.guide_video import GuideVideo
from ex4d.engine_options import EngineOptions
from ex4d.engine_run import weight_files
from ex4d.engines import ENGINES
from ex4d.errors import MediaError, MissingPart, OutputError, UserError
from ex4d.generation import Generated, generate
from ex4d.given_render import Generation
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from ex4d.media.writing import LosslessWriter
from ex4d.progress import Progress
from ex4d.shotlist.model import Synthesis
from ex4d.synthesis.mesh_engine import MeshEngine
from ex4d.synthesis.synthesizer import SynthesisRequest
from tests.shared_data import shared_data
from tests.small_engines import ON_CPU
from tests.synthesis.vace.tiny_vace import SIZE

FRAMES, RATE = 7, Fraction(24000, 1001)
MESH = Synthesis(engine="mesh")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


class Heard:
    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None: ...

    def say(self, text: str) -> None:
        self.said.append(text)


def write(file: Path, frames: Iterator[np.ndarray] | list[np.ndarray], rate: Fraction = RATE) -> Path:
    frames = list(frames)
    with LosslessWriter(file, frames[0].shape[1::-1], rate) as video:
        for frame in frames:
            video.write(frame)
    return file


def colours(count: int = FRAMES, size: tuple[int, int] = (64, 48)) -> list[np.ndarray]:
    return list(np.random.default_rng(2).integers(1, 255, (count, size[1], size[0], 3), np.uint8))


def masks(count: int = FRAMES, size: tuple[int, int] = (64, 48), *, hole_in_first: bool = False) -> list[np.ndarray]:
    """White, a little noisy, with a black hole from the second frame on."""
    draws = np.random.default_rng(3)
    frames = draws.integers(240, 256, (count, size[1], size[0], 1), np.uint8)
    frames[0 if hole_in_first else 1 :, 10:20, 16:32] = draws.integers(0, 15, (1, 1, 1, 1), np.uint8)
    return list(frames.repeat(3, axis=3))


@pytest.fixture
def job(tmp_path: Path) -> Generation:
    colour, mask = write(tmp_path / "colour.mkv", colours()), write(tmp_path / "mask.mkv", masks())
    return Generation(colour, mask, tmp_path / "film.mp4", MESH)


def frames_of(made: Generated) -> np.ndarray:
    info = probe(made.output)
    return np.array(list(read_frames(info, range(info.frame_count))))


class Mirror:
    """A tiny real engine: gives the guide back, and keeps what it was given."""

    def __init__(self) -> None:
        self.guides: list[tuple[np.ndarray, np.ndarray]] = []
        self.requests: list[SynthesisRequest] = []

    def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
        self.requests.append(request)
        for frame in guide.frames():
            self.guides.append((frame.colour, frame.visible))
            yield frame.colour


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Mirror:
    made = Mirror()
    monkeypatch.setitem(ENGINES, "mesh", replace(ENGINES["mesh"], open=lambda options, progress: made))
    return made


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


@pytest.mark.parametrize("engine", ["ex4d", "vace"])
def test_a_manifest_tells_of_weights_by_content_of_memory_and_of_embedded_prompts(
    job: Generation, tiny_models: Path, tmp_path: Path, engine: str
) -> None:
    from safetensors.numpy import save_file

    options = replace(ON_CPU, models=tiny_models)
    if engine == "ex4d":
        embeds = tmp_path / "embeds.safetensors"
        save_file({name: np.ones((7, 32), np.float32) for name in ("prompt", "negative")}, embeds)
        options = replace(options, stated={**options.stated, "prompt_embeds": embeds, "vram_gb": 24.0})
    made = generate(replace(job, synthesis=Synthesis(engine=engine), options=options, frame_count=5))
    said = json.loads(made.manifest.read_text())
    files = weight_files(ENGINES[engine], options)
    assert said["sha256"]["weights"] == {name: sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    assert said["engine"]["memory"] is None  # nothing is planned for the CPU
    if engine == "ex4d":
        assert said["sha256"]["prompt_embeds"] == sha256(embeds.read_bytes()).hexdigest()
        assert said["engine"]["settings"]["negative_prompt"] == f"embedded in {embeds}"
        assert said["engine"]["vram_gb"] == 24.0


def test_when_the_video_takes_its_name_its_manifest_is_whole(job: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full by then leaves the old video and its old manifest."""
    manifest = generate(job).manifest
    before = manifest.read_bytes(), job.output.read_bytes()
    settle = os.fsync

    def full(file: int) -> None:
        if ".json." in str(Path(f"/proc/self/fd/{file}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        settle(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"cannot be written: No space left"):
        generate(replace(job, frame_count=3))
    assert (manifest.read_bytes(), job.output.read_bytes()) == before


class Failing(MeshEngine):
    """Fails as an engine does that finds its weights gone."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
        yield next(iter(super().synthesize(guide, request)))
        raise self._error


@pytest.mark.parametrize("late", [True, False])
def test_what_an_engine_cannot_read_is_not_told_of_the_output(
    job: Generation, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    gone = FileNotFoundError(errno.ENOENT, "No such file", "weights.safetensors")

    def open_engine(options: EngineOptions, progress: Progress) -> MeshEngine:
        if late:
            return Failing(gone)
        raise gone

    monkeypatch.setitem(ENGINES, "mesh", replace(ENGINES["mesh"], open=open_engine))
    with pytest.raises(FileNotFoundError) as found:
        generate(job)
    assert found.value is gone
    assert not list(job.output.parent.glob("*film*"))


def test_what_a_killed_run_left_is_removed_by_the_next(job: Generation, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from dataclasses import replace; from pathlib import Path\n"
        "from ex4d import generation; from ex4d.given_render import Generation\n"
        "from ex4d.shotlist.model import Synthesis\n"
        "generation._first_frame = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)\n"
        "colour, mask, film = map(Path, sys.argv[1:])\n"
        "generation.generate(Generation(colour, mask, film, Synthesis(engine='mesh')))"
    )
    apart = tmp_path / "system"
    apart.mkdir()
    files = [str(file) for file in (job.colour, job.mask, job.output)]
    killed = subprocess.run([sys.executable, "-c", code, *files], env={**os.environ, "TMPDIR": str(apart)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not list(apart.iterdir())
    assert [each.is_dir() for each in tmp_path.glob(".film*")] == [True]
    generate(job)
    assert not list(tmp_path.glob(".film*"))


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


def test_odd_sizes_are_answered_with_what_to_do(job: Generation) -> None:
    write(job.colour, colours(size=(95, 63)))
    with pytest.raises(UserError, match=r"(?s)colour\.mkv is 95x63, .*cut colour and mask to 94x62.*crop=94:62:0:0"):
        generate(job)


def test_vace_completes_a_render_in_windows_on_the_cpu_where_asked(job: Generation, tiny_models: Path) -> None:
    heard = Heard()
    made = generate(
        replace(job, synthesis=Synthesis(engine="vace"), options=replace(ON_CPU, models=tiny_models)), heard
    )
    assert probe(made.output).frame_count == FRAMES
    assert probe(made.output).size == (64, 48) != SIZE
    assert any("7 frames in 2 windows of 5" in text for text in heard.said)
    assert any("licence Apache-2.0, commercial use: yes" in text for text in heard.said)
    said = json.loads(made.manifest.read_text())["engine"]
    assert (said["used"], said["device"], said["settings"]["steps"]) == ("vace", ["cpu"], 1)


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


@pytest.mark.parametrize(
    ("mask", "answer"),
    [
        (masks(5), r"mask\.mkv has 5 frames, but .*colour\.mkv has 7"),
        (masks(size=(64, 50)), r"mask\.mkv is 64x50, but .*colour\.mkv is 64x48"),
        (masks(5, (32, 32)), r"has 5 frames, but .* has 7 and is 32x32, but .* is 64x48"),
    ],
)
def test_a_mask_of_another_render_is_refused(job: Generation, mask: list[np.ndarray], answer: str) -> None:
    write(job.mask, mask)
    with pytest.raises(MediaError, match=answer):
        generate(job)
    assert not job.output.exists()


def test_a_mask_of_another_rate_is_refused_with_its_other_faults(job: Generation) -> None:
    write(job.mask, masks(5), Fraction(30))
    with pytest.raises(
        MediaError, match=r"mask\.mkv has 5 frames, .* and has 30 frames a second, but .*colour\.mkv has 24000/1001;"
    ):
        generate(job)


def test_what_cannot_be_asked_for_is_refused(job: Generation, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"frames 8: .*colour\.mkv has 7; write 1 to 7"):
        generate(replace(job, frame_count=8))
    with pytest.raises(OutputError, match=r"does not end in \.mp4"):
        generate(replace(job, output=tmp_path / "film.avi"))
    with pytest.raises(MissingPart, match="ex4d models pull"):
        generate(replace(job, synthesis=Synthesis(engine="ex4d")))
    (tmp_path / "text.mkv").write_bytes(b"not a video" * 50)
    with pytest.raises(MediaError, match=r"text\.mkv"):
        generate(replace(job, mask=tmp_path / "text.mkv"))
    assert not list(tmp_path.glob("film*"))


def test_inputs_are_never_written_over(job: Generation, tmp_path: Path) -> None:
    render = tmp_path / "render.mp4"
    job.colour.rename(render)
    before = render.read_bytes()
    with pytest.raises(OutputError, match="written over"):
        generate(replace(job, colour=render, output=render))
    assert render.read_bytes() == before
    embeds = tmp_path / "film.ex4d.json"
    embeds.write_text("{}")
    with pytest.raises(OutputError, match="written over"):
        generate(replace(job, colour=render, options=EngineOptions({"prompt_embeds": embeds})))


def test_what_is_interrupted_leaves_nothing(job: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Failing(KeyboardInterrupt())
    monkeypatch.setitem(ENGINES, "mesh", replace(ENGINES["mesh"], open=lambda options, progress: stopped))
    before = set(job.output.parent.iterdir())
    with pytest.raises(KeyboardInterrupt):
        generate(job)
    assert {each for each in job.output.parent.iterdir() if each.name != "cache"} <= before


def test_ex4d_completes_a_render_and_its_seed_prompt_and_erosion_tell(job: Generation, tiny_models: Path) -> None:
    small = replace(job, options=replace(ON_CPU, models=tiny_models), frame_count=5)
    asked = {"usual": {}, "again": {}, "seed": {"seed": 2}, "prompt": {"prompt": "motion"}, "erode": {"erode": 9}}
    films = {
        name: frames_of(generate(replace(small, synthesis=Synthesis(engine="ex4d", **wish))))
        for name, wish in asked.items()
    }
    np.testing.assert_array_equal(films["usual"], films["again"])
    for name in ("seed", "prompt", "erode"):
        assert (films[name] != films["usual"]).any(), name
    said = json.loads(job.manifest.read_text())
    assert said["engine"]["erode"] == 9
    assert [weights["commercial"] for weights in said["engine"]["weights"]] == ["yes", "unclear"]


def test_embedded_prompts_of_another_model_are_refused_and_nothing_is_written(
    job: Generation, tiny_models: Path, tmp_path: Path
) -> None:
    from safetensors.numpy import save_file

    embeds = tmp_path / "embeds.safetensors"
    save_file({name: np.ones((7, 40), np.float32) for name in ("prompt", "negative")}, embeds)
    options = replace(ON_CPU, models=tiny_models, stated={**ON_CPU.stated, "prompt_embeds": embeds})
    with pytest.raises(UserError, match=r"embeds\.safetensors: 'prompt' has rows of 40, the model reads 32"):
        generate(replace(job, synthesis=Synthesis(engine="ex4d"), options=options))
    assert not list(tmp_path.glob("film*"))


def test_previews_lie_beside_the_video(job: Generation, tiny_models: Path) -> None:
    options = replace(ON_CPU, models=tiny_models, stated={**ON_CPU.stated, "preview_every": 1})
    generate(replace(job, synthesis=Synthesis(engine="ex4d"), options=options, frame_count=5))
    (preview,) = job.output.with_name("film.ex4d.previews").iterdir()
    assert preview.suffix == ".png"


def test_vace_takes_the_loras_that_are_named(job: Generation, tiny_models: Path, tmp_path: Path) -> None:
    """One of another model is refused by the engine itself, which proves that it was handed on."""
    from safetensors.numpy import save_file

    lora = tmp_path / "style.safetensors"
    save_file({"transformer.nowhere.lora_A.weight": np.ones((2, 3), np.float32)}, lora)
    options = replace(ON_CPU, models=tiny_models, loras=(lora,))
    with pytest.raises(UserError, match=r"style\.safetensors"):
        generate(replace(job, synthesis=Synthesis(engine="vace"), options=options))
    assert not job.output.exists()
