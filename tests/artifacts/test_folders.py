"""Videos, guides, depth and camera paths come back from their folders as they went in, or not at all."""

import json
from fractions import Fraction

import numpy as np
import pytest

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.camera_path_file import load_camera_path, save_camera_path
from ex4d.artifacts.depth_video import DepthStatistics, DepthVideo
from ex4d.artifacts.guide_video import GuideFrame, GuideVideo
from ex4d.artifacts.scene import Scene
from ex4d.artifacts.video import Video
from ex4d.errors import Ex4dError, MediaError, OutputError
from ex4d.geometry.pinhole import Pinhole

COUNT, SIZE, RATE = 7, (45, 31), Fraction(30_000, 1001)
RNG = np.random.default_rng(11)
COLOUR = RNG.integers(0, 256, (COUNT, SIZE[1], SIZE[0], 3)).astype(np.uint8)
LENS = Pinhole(*SIZE, 40.0 / 3.0, (22.5, 15.5))


def camera_path(count: int = COUNT) -> CameraPath:
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, 3] = RNG.normal(size=(count, 3))
    scene = Scene(LENS, (0.1, -0.2, 1.0), RATE, Fraction(6), Fraction(49, 6), 1.125, 2.7401088, ("lens 54deg",))
    times = tuple(Fraction(index * 1001, 30_000) for index in range(count))
    return CameraPath(poses, RNG.uniform(0.5, 2, count), times, RATE, scene)


def save_video(folder):
    with Video.writer(folder, SIZE, RATE) as write:
        for frame in COLOUR:
            write(frame)


def guide_frames(background):
    for frame in COLOUR:
        yield GuideFrame(frame, frame[..., 0] > 99, np.ascontiguousarray(frame[::-1]) if background else None)


def save_guide(folder, background=True):
    with GuideVideo.writer(folder, camera_path(), LENS, background=background) as write:
        for frame in guide_frames(background):
            write(frame)


class InMemory:
    def __init__(self, depth):
        self.depth = depth

    def frames(self, indices):
        for index in indices:
            yield self.depth[index], self.depth[index] > 0


def save_depth(folder):
    depth = RNG.uniform(0, 9, (COUNT, SIZE[1], SIZE[0])).astype(np.float32)
    depth[depth < 1] = 0
    figures = DepthStatistics(1.0, 1.1, 5.0, 9.0, 8 / 9)
    video = DepthVideo(
        *SIZE, COUNT, metric=True, statistics=figures, stored=InMemory(depth), lens=LENS, assumed=("mm",)
    )
    return video, video.save(folder)


def test_a_video_comes_back_exactly(tmp_path):
    save_video(tmp_path / "video")
    video = Video.load(tmp_path / "video")
    assert (video.size, video.frame_rate, video.frame_count) == (SIZE, RATE, COUNT)
    assert np.array_equal(np.stack(list(video.frames())), COLOUR)
    assert np.array_equal(np.stack(list(video.frames(2, 5))), COLOUR[2:5])


@pytest.mark.parametrize("background", [False, True])
def test_a_guide_comes_back_exactly_with_its_cameras(tmp_path, background):
    save_guide(tmp_path / "guide", background)
    guide = GuideVideo.load(tmp_path / "guide")
    assert (guide.lens, guide.frame_count, guide.path.scene) == (LENS, COUNT, camera_path().scene)
    for got, wanted in zip(guide.frames(), guide_frames(background), strict=True):
        assert np.array_equal(got.colour, wanted.colour)
        assert np.array_equal(got.visible, wanted.visible)
        assert (got.background is not None) is background
        assert not background or np.array_equal(got.background, wanted.background)
    assert np.array_equal(next(guide.frames(4, 5)).colour, COLOUR[4])


def test_depth_comes_back_exactly(tmp_path):
    video, copy = save_depth(tmp_path / "depth")
    assert (copy.statistics, copy.lens, copy.metric, copy.assumed) == (video.statistics, LENS, True, ("mm",))
    order = [3, 0, 0, 6]
    for (depth, known), (wanted, _) in zip(copy.frames(order), video.frames(order), strict=True):
        assert np.array_equal(depth, wanted)
        assert np.array_equal(known, wanted > 0)


def test_a_camera_path_comes_back_to_the_last_bit(tmp_path):
    path = camera_path()
    save_camera_path(path, tmp_path / "path.npz")
    got = load_camera_path(tmp_path / "path.npz")
    assert np.array_equal(got.world_from_camera, path.world_from_camera)
    assert np.array_equal(got.lens_factor, path.lens_factor)
    assert (got.source_time, got.frame_rate, got.scene) == (path.source_time, path.frame_rate, path.scene)


def test_the_same_path_gives_the_same_bytes(tmp_path):
    path = camera_path()
    for name in "ab":
        save_camera_path(path, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


LOADERS = {
    "video": (save_video, lambda folder: list(Video.load(folder).frames())),
    "guide": (save_guide, lambda folder: list(GuideVideo.load(folder).frames())),
    "depth": (save_depth, lambda folder: list(DepthVideo.load(folder).frames(range(COUNT)))),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    for kind, (save, _) in LOADERS.items():
        save(folder / kind)
    return folder


FILES = {
    "video": ["video.json", "colour.mkv"],
    "guide": ["guide.json", "colour.mkv", "visible.mkv", "background.mkv", "camera_path.npz"],
    "depth": ["depth.json", "depth.zip"],
}


def damages():
    for kind in LOADERS:
        for name in FILES[kind]:
            for how in ("missing", "empty", "cut", "flipped", "other"):
                yield pytest.param(kind, name, how, id=f"{kind}-{name}-{how}")


@pytest.mark.parametrize(("kind", "name", "how"), list(damages()))
def test_a_damaged_folder_is_a_clear_error(saved, tmp_path, kind, name, how):
    import shutil

    folder = shutil.copytree(saved / kind, tmp_path / kind)
    file = folder / name
    content = bytearray(file.read_bytes())
    if how == "missing":
        file.unlink()
    elif how == "flipped":
        content[len(content) // 2] ^= 0x44
        file.write_bytes(content)
    else:
        file.write_bytes({"empty": b"", "cut": content[: len(content) * 2 // 3], "other": b"[1, 2]"}[how])
    try:
        LOADERS[kind][1](folder)
    except MediaError as error:
        assert str(folder) in str(error)
    else:
        assert how == "flipped" and name.endswith((".json", ".npz")), "damage passed unseen"  # may be another number


@pytest.mark.parametrize("field", ["checksums", "lens"])
@pytest.mark.parametrize("value", [None, 3, "x", [], {}, {"colour": [1]}, [1.5] * COUNT, {"width": "a"}])
def test_a_record_of_nonsense_is_a_clear_error(saved, tmp_path, field, value):
    import shutil

    folder = shutil.copytree(saved / "guide", tmp_path / "guide")
    fields = json.loads((folder / "guide.json").read_text())
    (folder / "guide.json").write_text(json.dumps({**fields, field: value}))
    with pytest.raises(MediaError):
        GuideVideo.load(folder)


def test_an_error_midway_leaves_no_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt), Video.writer(tmp_path / "video", SIZE, RATE) as write:
        write(COLOUR[0])
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("background", [False, True])
def test_a_guide_has_as_many_frames_as_cameras_and_all_layers(tmp_path, background):
    frames = list(guide_frames(background))
    with (
        pytest.raises(OutputError, match="6 frames were written for 7 cameras"),
        GuideVideo.writer(tmp_path / "guide", camera_path(), LENS, background=background) as write,
    ):
        for frame in frames[:-1]:
            write(frame)
    with (
        pytest.raises(Ex4dError, match="has a background layer, or none has"),
        GuideVideo.writer(tmp_path / "guide", camera_path(), LENS, background=not background) as write,
    ):
        write(frames[0])
    assert not list(tmp_path.iterdir())
