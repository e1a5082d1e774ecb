"""A mask is read back exactly as it was written, by every reader that there is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import OutputError
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from ex4d.media.writing import MaskWriter

RATE = Fraction(24000, 1001)


def masks(size: tuple[int, int], count: int = 4, seed: int = 0) -> np.ndarray:
    """Noise above, which is the hardest to compress; blocks below."""
    draws, (width, height) = np.random.default_rng(seed), size
    made = draws.random((count, height, width)) > 0.5
    made[:, height // 2 :] = np.repeat(draws.random((count, height - height // 2, width // 8 + 1)) > 0.5, 8, 2)[
        :, :, :width
    ]
    return made


def write(file: Path, frames: np.ndarray) -> Path:
    with MaskWriter(file, (frames.shape[2], frames.shape[1]), RATE) as video:
        for frame in frames:
            video.write(frame)
    return file


def by_ex4d(file: Path) -> Iterator[np.ndarray]:
    info = probe(file)
    assert info.frame_rate == RATE
    yield from read_frames(info, range(info.frame_count))


def by_opencv(file: Path) -> Iterator[np.ndarray]:
    cv2 = pytest.importorskip("cv2")
    video = cv2.VideoCapture(str(file))
    while (read := video.read())[0]:
        yield read[1]


def by_imageio(file: Path) -> Iterator[np.ndarray]:
    import imageio.v3 as iio

    yield from iio.imiter(file, plugin="pyav")


def by_av_as_gray(file: Path) -> Iterator[np.ndarray]:
    with av.open(str(file)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="gray")[..., None]


READERS = [by_ex4d, by_opencv, by_imageio, by_av_as_gray]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("size", [(128, 96), (127, 95), (33, 1)])
def test_every_reader_gives_it_back_exactly(tmp_path: Path, size: tuple[int, int], read) -> None:
    frames = masks(size)
    got = np.array(list(read(write(tmp_path / "mask.mp4", frames))))
    np.testing.assert_array_equal(got, np.repeat(frames[..., None].astype(np.uint8) * 255, got.shape[-1], axis=-1))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(width=st.integers(1, 70), height=st.integers(1, 50), seed=st.integers(0, 2**32 - 1))
def test_any_size_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, seed: int
) -> None:
    frames = masks((width, height), 2, seed)
    file = write(tmp_path_factory.mktemp("masks") / "mask.mp4", frames)
    np.testing.assert_array_equal(np.array(list(by_ex4d(file)))[..., 1], frames.astype(np.uint8) * 255)


def test_the_same_masks_give_the_same_bytes(tmp_path: Path) -> None:
    frames = masks((96, 64), 30)
    assert write(tmp_path / "a.mp4", frames).read_bytes() == write(tmp_path / "b.mp4", frames).read_bytes()


def test_an_error_midway_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), MaskWriter(tmp_path / "mask.mp4", (16, 16), RATE) as video:
        video.write(np.ones((16, 16), np.bool_))
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="its frame 0 18x16"),
        MaskWriter(tmp_path / "mask.mp4", (16, 16), RATE) as video,
    ):
        video.write(np.ones((16, 18), np.bool_))


def test_a_size_that_the_encoder_refuses_is_named(tmp_path: Path) -> None:
    size = (16384, 16384)
    with (
        pytest.raises(OutputError, match=r"its encoder does not take 16384x16384 at .* choose a smaller size"),
        MaskWriter(tmp_path / "mask.mp4", size, RATE) as video,
    ):
        video.write(np.zeros((size[1], size[0]), np.bool_))
    assert not list(tmp_path.iterdir())
