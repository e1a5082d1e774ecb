"""Sound is read at the right time from every container, in bounded memory, and never from what is hostile."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import MediaError
from ex4d.media.probe import probe
from ex4d.media.sound import Sound, find_sound
from ex4d.media.sound_frames import SOUND_RATE
from ex4d.media.stereo import LEAST_RATE, MOST_AT_ONCE, check_bounds, in_stereo
from ex4d.media.writing import H264Writer
from tests.media.sounding import HEIGHT, WIDTH, click_times, clicks, damage, decoded, tone, write_video

CLICKS = (0.25, 0.8, 1.5)
KINDS = [
    ("a.mp4", "aac", 48_000, 2),
    ("b.mp4", "aac", 44_100, 1),
    ("c.mov", "pcm_s16le", 48_000, 2),
    ("d.mkv", "aac", 44_100, 2),
    ("e.mkv", "libopus", 48_000, 2),
    ("f.mkv", "flac", 96_000, 2),
    ("g.ts", "aac", 48_000, 2),
    ("h.mp4", "aac", 48_000, 6),
]


def sound_of(path: Path) -> Sound:
    found = find_sound(probe(path))
    assert isinstance(found, Sound)
    return found


def read(path: Path, start: int, count: int) -> np.ndarray:
    blocks = list(sound_of(path).read(start, count))
    assert all(block.dtype == np.float32 and 0 < len(block) <= 8192 for block in blocks)
    return np.concatenate(blocks)


@pytest.mark.parametrize(("name", "code", "rate", "channels"), KINDS)
def test_a_click_is_where_it_was_recorded_whatever_holds_it(
    tmp_path: Path, name: str, code: str, rate: int, channels: int
) -> None:
    """To 0.1 ms where the container has such times; MKV rounds them to 1 ms, and a seek starts from one of those."""
    path = write_video(tmp_path / name, clicks(2, rate, CLICKS, channels), rate=rate, code=code)
    whole = read(path, 0, 2 * SOUND_RATE)
    assert click_times(whole) == pytest.approx(CLICKS, abs=1e-4)
    later = read(path, round(1.4 * SOUND_RATE), SOUND_RATE // 5)
    assert click_times(later) == pytest.approx([0.1], abs=1.1e-3 if name.endswith("mkv") else 1e-4)
    assert np.allclose(*whole.T, atol=1e-4)


@pytest.mark.parametrize("late", [Fraction(1, 3), Fraction(-1, 4)])
def test_sound_and_picture_that_do_not_begin_together_keep_their_distance(tmp_path: Path, late: Fraction) -> None:
    """The clock of the shot begins with the first frame, not with the file or its sound."""
    path = write_video(
        tmp_path / "a.mp4",
        clicks(1, SOUND_RATE, (0.5,)),
        late=max(late, Fraction(0)),
        picture_late=max(-late, Fraction(0)),
    )
    assert click_times(read(path, 0, 2 * SOUND_RATE)) == pytest.approx([0.5 + float(late)], abs=1e-3)


@settings(max_examples=10, deadline=None)
@given(start=st.integers(-20_000, 110_000), count=st.integers(0, 60_000))
def test_a_range_is_the_same_samples_as_in_one_reading(
    start: int, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Wherever it begins and ends, and silence before and after the track."""
    path = tmp_path_factory.getbasetemp() / "range.mov"
    if not path.exists():
        noise = np.random.default_rng(4).uniform(-0.9, 0.9, (96_000, 2)).astype(np.float32)
        write_video(path, noise, code="pcm_s16le")
    sound = sound_of(path)
    whole = np.concatenate([np.zeros((20_000, 2)), *sound.read(0, 96_000), np.zeros((80_000, 2))])
    found = np.concatenate([np.zeros((0, 2), np.float32), *sound.read(start, count)])
    assert np.array_equal(found, whole[20_000 + start : 20_000 + start + count])


def without_sound_at(whole: Path, gappy: Path, start: float, stop: float) -> float:
    """Copy a video as a recorder writes it that dropped packets: its stamps jump. Return when the gap begins."""
    gap = Fraction(0)
    with av.open(str(whole)) as source, av.open(str(gappy), "w") as output:
        streams = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            at = None if packet.pts is None else packet.pts * packet.time_base
            heard = packet.stream.type == "audio"
            if at is None or (heard and start < at < stop):
                continue
            if heard and at <= start:
                gap = at + packet.duration * packet.time_base
            packet.stream = streams[packet.stream.index]
            output.mux(packet)
    return float(gap)


def test_a_gap_in_the_sound_is_silent_and_what_follows_is_on_time(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mov", clicks(2, SOUND_RATE, CLICKS), code="pcm_s16le")
    without_sound_at(whole, tmp_path / "gappy.mkv", 0.4, 1.0)
    heard = read(tmp_path / "gappy.mkv", 0, 2 * SOUND_RATE)
    assert click_times(heard) == pytest.approx([0.25, 1.5], abs=1.1e-3)


def test_before_a_gap_nothing_is_lost_in_the_resampler(tmp_path: Path) -> None:
    even = np.full((88_200, 2), 0.5, np.float32)
    whole = write_video(tmp_path / "whole.mov", even, rate=44_100, code="pcm_s16le")
    gap = without_sound_at(whole, tmp_path / "gappy.mkv", 0.4, 1.0)
    heard = read(tmp_path / "gappy.mkv", 0, 2 * SOUND_RATE)[:, 0]
    assert abs(np.flatnonzero(heard < 0.25)[0] - gap * SOUND_RATE) <= 2


def test_a_track_that_begins_after_what_is_asked_for_is_found(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", clicks(1, SOUND_RATE, (0.5,)), late=Fraction(3, 2), frames=60)
    assert click_times(read(path, round(1.2 * SOUND_RATE), SOUND_RATE)) == pytest.approx([0.8], abs=1e-3)


def test_what_has_no_sound_says_so(tmp_path: Path) -> None:
    silent = write_video(tmp_path / "silent.mp4", None)
    assert find_sound(probe(silent)) == "has no sound"
    (tmp_path / "frames").mkdir()
    import imageio.v3 as iio

    iio.imwrite(tmp_path / "frames" / "1.png", np.zeros((8, 8, 3), np.uint8))
    assert find_sound(probe(tmp_path / "frames", Fraction(24))) == "holds images, which have no sound"


def test_a_video_that_plays_at_another_rate_than_its_own_is_silent(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", tone(2, SOUND_RATE))
    assert isinstance(find_sound(probe(path, Fraction(24))), Sound)
    assert "another rate" in str(find_sound(probe(path, Fraction(12))))


@pytest.mark.parametrize(
    ("rate", "samples", "channels"), [(LEAST_RATE - 1, 10, 1), (10**6, 10, 1), (48_000, MOST_AT_ONCE + 1, 1)]
)
def test_sound_out_of_bounds_is_refused_before_it_is_converted(rate: int, samples: int, channels: int) -> None:
    frame = av.AudioFrame.from_ndarray(np.zeros((channels, samples), np.float32), format="fltp", layout="mono")
    frame.sample_rate = rate
    with pytest.raises(MediaError, match="write it anew"):
        check_bounds(frame, Path("a.mp4"))


def test_damaged_sound_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", tone(2, SOUND_RATE), code="flac")
    damage(path)
    with pytest.raises(MediaError, match="sound is damaged"):
        read(path, 0, 2 * SOUND_RATE)


@pytest.mark.parametrize("code", ["aac", "pcm_s16le"])
def test_a_file_with_bytes_that_are_wrong_is_read_whole_or_refused(tmp_path: Path, code: str) -> None:
    whole = write_video(tmp_path / "whole.mov", tone(1, SOUND_RATE), code=code, frames=24).read_bytes()
    path = tmp_path / "wrong.mov"
    random = np.random.default_rng(9)
    for _ in range(25):
        data = np.frombuffer(whole, np.uint8).copy()
        data[random.integers(0, len(data), 40)] = random.integers(0, 256, 40)
        path.write_bytes(data.tobytes())
        try:
            assert len(read(path, 0, SOUND_RATE)) == SOUND_RATE
        except MediaError as refused:
            assert "wrong.mov" in str(refused)


@pytest.mark.parametrize(
    ("kind", "dtype", "full"),
    [
        ("u8", np.uint8, 255),
        ("s16", np.int16, 32767),
        ("s32p", np.int32, 2**31 - 1),
        ("flt", np.float32, 1.0),
        ("dblp", np.float64, 1.0),
    ],
)
def test_every_way_of_storing_is_heard_alike(kind: str, dtype: type, full: float) -> None:
    """Left at half height, right at a quarter below nothing."""
    middle = 128 if kind == "u8" else 0
    sides = [middle + 0.5 * (full - middle), middle - 0.25 * (full - middle)]
    stored = np.array([sides] * 5, dtype)
    stored = np.ascontiguousarray(stored.T) if kind.endswith("p") else stored.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(stored, format=kind, layout="stereo")
    assert in_stereo(frame) == pytest.approx(np.array([[0.5, -0.25]] * 5), abs=0.01)


def test_channels_are_mixed_to_the_side_where_they_stand_and_never_too_loud() -> None:
    def heard(layout: str, channel: int) -> np.ndarray:
        stored = np.zeros((len(av.AudioLayout(layout).channels), 4), np.float32)
        stored[channel] = 1.0
        return in_stereo(av.AudioFrame.from_ndarray(stored, format="fltp", layout=layout))[0]

    assert heard("mono", 0).tolist() == [1.0, 1.0]
    left, right, centre, rumble, back_left, _ = (heard("5.1", index) for index in range(6))
    assert left[0] == right[1] > centre[0] == centre[1] == back_left[0] > 0
    assert left[1] == right[0] == back_left[1] == rumble.sum() == 0
    assert sum(heard("5.1", index) for index in range(6)).max() <= 1.0 + 1e-6


def film_with(tmp_path: Path, sound: np.ndarray, *, frames: int, rate: Fraction, name: str = "film.mp4") -> Path:
    """A film whose sound is written frame by frame, as the edit does."""
    with H264Writer(tmp_path / name, (WIDTH, HEIGHT), rate, sound=True) as movie:
        for index in range(frames):
            movie.write(np.full((HEIGHT, WIDTH, 3), 3 * index % 256, np.uint8))
            first, stop = (round(each / rate * SOUND_RATE) for each in (index, index + 1))
            movie.write_sound(sound[first:stop])
    return tmp_path / name


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30000, 1001), Fraction(10)])
def test_a_film_sounds_when_it_should_and_as_long_as_it_plays(tmp_path: Path, rate: Fraction) -> None:
    frames = 30
    length = float(frames / rate)
    moments = (0.0, 0.3 * length, 0.9 * length)
    film = film_with(tmp_path, clicks(length, SOUND_RATE, moments), frames=frames, rate=rate)
    heard = decoded(film)
    assert click_times(heard) == pytest.approx(moments, abs=1e-4)
    assert 0 <= len(heard) / SOUND_RATE - length < 1024 / SOUND_RATE  # a last packet is whole
    info = probe(film)
    assert info.frame_count == frames
    assert info.frame_rate == rate
    assert sound_of(film).begin == 0


def test_the_same_film_is_the_same_bytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, (48_000, 2)).astype(np.float32)
    one, other = (film_with(tmp_path, noise, frames=24, rate=Fraction(24), name=name) for name in ("a.mp4", "b.mp4"))
    assert one.read_bytes() == other.read_bytes()
