"""Frame i is frame i, however it is reached."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ex4d.errors import MediaError
from ex4d.media.colour import to_rgb
from ex4d.media.fitting import Fit
from ex4d.media.probe import probe
from ex4d.media.reading import FAR_AHEAD, _Reader, read_frames
from tests.media.footage import SIZE, number_of, numbered, write_images, write_numbered, write_stamped

COUNT = 400


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    rng = np.random.default_rng(7)
    uneven = np.cumsum(rng.integers(1000, 9000, COUNT))
    paths = [
        write_numbered(folder / "constant.mp4", COUNT, Fraction(30_000, 1001)),
        write_numbered(folder / "lossless.mkv", COUNT),
        write_stamped(folder / "phone.mp4", uneven.tolist()),
        write_stamped(folder / "phone.mkv", uneven.tolist()),
        write_stamped(folder / "stream.ts", range(0, 3000 * COUNT, 3000)),
        write_stamped(folder / "old.avi", range(COUNT), Fraction(1, 30)),
    ]
    return [probe(path) for path in paths]


@pytest.mark.parametrize("kind", range(6))
def test_every_frame_is_the_one_asked_for(clips, kind):
    assert clips[kind].frame_count == COUNT
    assert [number_of(frame) for frame in read_frames(clips[kind], range(COUNT))] == list(range(COUNT))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(kind=st.integers(0, 5), indices=st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=8))
def test_growing_numbers_far_and_near_are_the_frames_asked_for(clips, kind, indices):
    wanted = sorted(indices)
    assert [number_of(frame) for frame in read_frames(clips[kind], wanted)] == wanted


@pytest.mark.parametrize("kind", range(6))
def test_going_back_and_standing_still_work_too(clips, kind):
    wanted = [300, 300, 299, 5, 6, 6, 6 + FAR_AHEAD, 7 + 2 * FAR_AHEAD, 399, 0]
    assert [number_of(frame) for frame in read_frames(clips[kind], wanted)] == wanted


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    kind=st.integers(0, 5),
    indices=st.lists(st.integers(0, 30), min_size=1, max_size=12),
    kept=st.sampled_from([1, 3, 1000]),
)
def test_any_order_gives_the_frames_asked_for_however_few_are_kept(clips, kind, indices, kept):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ex4d.media.reading.KEPT_BYTES", kept * 3 * SIZE[0] * SIZE[1])
        assert [number_of(frame) for frame in read_frames(clips[kind], indices)] == indices


def test_backwards_a_video_is_decoded_a_few_dozen_frames_at_a_time(clips, monkeypatch):
    """Else each frame of a film without keyframes would take all that are before it."""
    sought: list[int] = []
    seek = _Reader._seek
    monkeypatch.setattr(_Reader, "_seek", lambda reader, index: (sought.append(index), seek(reader, index)))
    monkeypatch.setattr("ex4d.media.reading.KEPT_BYTES", 40 * 3 * SIZE[0] * SIZE[1])
    backwards = range(COUNT - 1, -1, -1)

    assert [number_of(frame) for frame in read_frames(clips[0], backwards)] == list(backwards)
    assert sought == list(range(COUNT - 40, -1, -40))


def test_a_frame_that_is_not_there_is_named(clips):
    with pytest.raises(MediaError, match="frames 0 to 399; there is no frame 400"):
        next(read_frames(clips[0], [400]))


def test_images_are_read_in_order(tmp_path):
    info = probe(write_images(tmp_path / "shots", 12), Fraction(6))
    assert [int(frame[0, 0, 0]) for frame in read_frames(info, [3, 3, 11, 2])] == [3, 3, 11, 2]


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_a_phone_held_upright_is_shown_upright(tmp_path, rotation, turns):
    info = probe(write_stamped(tmp_path / "phone.mp4", range(0, 3000 * 20, 3000), rotation=rotation))
    frame = next(read_frames(info, [13]))
    assert frame.shape[:2] == (info.height, info.width)
    assert number_of(np.rot90(frame, -turns)) == 13


def test_photographs_are_turned_as_their_camera_noted(tmp_path):
    image = np.zeros((6, 8, 3), np.uint8)
    image[:, :4] = 255
    sideways = Image.Exif()
    sideways[0x0112] = 6  # turn by 90 degrees clockwise to show
    Image.fromarray(image).save(tmp_path / "0.jpg", exif=sideways, quality=95)
    info = probe(tmp_path, Fraction(24))
    assert info.size == (6, 8)
    frame = next(read_frames(info, [0]))
    assert frame[:4].mean() > 200
    assert frame[4:].mean() < 50


def test_a_window_is_applied(clips):
    fit = Fit.plan(clips[1].size, (16, 16))
    frame = next(read_frames(clips[1], [9], window=fit))
    assert np.array_equal(frame, numbered(9)[:, 32:48])


@pytest.mark.parametrize("matrix", [1, 5])
@pytest.mark.parametrize("full", [False, True])
def test_colours_are_decoded_by_the_tags(matrix, full):
    """Against the definition of Y'CbCr, computed here by hand."""
    red, green, blue = np.array([220.0, 30.0, 60.0]) / 255
    kr, kb = {1: (0.2126, 0.0722), 5: (0.299, 0.114)}[matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))
    levels = (
        [255 * luma, *(128 + 255 * c for c in chroma)] if full else [16 + 219 * luma, *(128 + 224 * c for c in chroma)]
    )
    planes = np.concatenate(
        [np.full(256, round(levels[0])), np.full(64, round(levels[1])), np.full(64, round(levels[2]))]
    )
    frame = av.VideoFrame.from_ndarray(planes.astype(np.uint8).reshape(24, 16), "yuv420p")
    frame.colorspace, frame.color_range = matrix, 2 if full else 1
    assert np.abs(to_rgb(frame).astype(int) - [220, 30, 60]).max() <= 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_video_cut_short_is_an_error(tmp_path, suffix):
    path = write_numbered(tmp_path / f"clip{suffix}", 100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(MediaError, match="cut short"):
        probe(path)
