"""The lens that a video states: where phones write it, what it means for the frames, and what is no lens."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.geometry.pinhole import NARROWEST, WIDEST
from ex4d.media.lens_metadata import FILM_DIAGONAL_MM, lens_on_film, long_side_mm
from ex4d.media.probe import probe
from ex4d.media.quicktime_keys import track_keys
from tests.media.phones import (
    FILM_KEY,
    FLOAT32,
    FLOAT64,
    FULL_WIDTH,
    SIGNED,
    SIZE,
    TEXT,
    UNSIGNED,
    box,
    track_notes,
    write_phone_video,
    write_video,
)

SIDES = st.integers(2, 5000)


@pytest.mark.parametrize(
    ("kind", "value", "length"),
    [
        (SIGNED, struct.pack(">i", 26), 26),
        (SIGNED, struct.pack(">b", 13), 13),
        (UNSIGNED, struct.pack(">H", 200), 200),
        (TEXT, b"50.00mm", 50),
        (TEXT, b"26", 26),
        (FLOAT32, struct.pack(">f", 26.5), 26.5),
        (FLOAT64, struct.pack(">d", 23.1), 23.1),
    ],
)
@pytest.mark.parametrize("name", ["clip.mov", "clip.mp4"])
def test_a_phone_s_video_says_it_in_its_track(
    tmp_path: Path, name: str, kind: int, value: bytes, length: float
) -> None:
    """Among other keys; FFmpeg reads none of them."""
    keys = ("com.apple.quicktime.camera.lens_model", TEXT, b"back camera 4.2mm"), (FILM_KEY, kind, value)
    lens = probe(write_phone_video(tmp_path / name, *keys, iso=name == "clip.mp4")).lens
    assert lens is not None
    assert (lens.focal_px, lens.words) == (length * SIZE[0] / FULL_WIDTH, f"{length:g} mm on 35 mm film")


@pytest.mark.parametrize("name", ["clip.mov", "clip.mp4", "clip.mkv"])
def test_a_video_may_say_it_of_the_whole_movie(tmp_path: Path, name: str) -> None:
    """As programs do that copy what a phone said; Matroska's keys are in capitals."""
    lens = probe(write_video(tmp_path / name, {FILM_KEY: "26"})).lens
    assert lens is not None
    assert lens.focal_px == 26 * SIZE[0] / FULL_WIDTH


def test_the_track_knows_better_than_the_movie(tmp_path: Path) -> None:
    both = write_phone_video(tmp_path / "clip.mov", (FILM_KEY, SIGNED, struct.pack(">i", 77)), movie={FILM_KEY: "26"})
    assert track_keys(both, 1) == {FILM_KEY: "77"}
    assert track_keys(both, 2) == {}
    lens = probe(both).lens
    assert lens is not None
    assert lens.words == "77 mm on 35 mm film"


def test_numbers_of_tracks_and_of_lenses_are_read_as_they_are_stored(tmp_path: Path) -> None:
    """A track's header of version 1 has its times in 64 bits."""
    notes = track_notes((FILM_KEY, SIGNED, b"\xfd"), ("b", UNSIGNED, b"\xfd"), ("c", TEXT, b""), ("d", 0, b"\xfd"))
    header = box(b"tkhd", bytes([1, 0, 0, 7]) + bytes(16) + struct.pack(">I", 5) + bytes(60))
    (tmp_path / "clip.mov").write_bytes(box(b"free", b"") + box(b"moov", box(b"trak", header + notes)))
    assert track_keys(tmp_path / "clip.mov", 5) == {FILM_KEY: "-3", "b": "253", "c": "", "d": ""}


def test_a_video_that_says_nothing_has_none(tmp_path: Path) -> None:
    assert probe(write_video(tmp_path / "clip.mov", {"com.apple.quicktime.model": "iPhone 13"})).lens is None
    assert probe(write_video(tmp_path / "zero.mov", {FILM_KEY: "0"})).lens is None


def test_held_upright_it_is_the_same_lens(tmp_path: Path) -> None:
    """Its number is for the sensor's longer side, which then is the height."""
    key = FILM_KEY, SIGNED, struct.pack(">i", 26)
    level = probe(write_phone_video(tmp_path / "level.mov", key))
    upright = probe(write_phone_video(tmp_path / "upright.mov", key, turn=90))
    assert upright.size == level.size[::-1]
    assert upright.lens == level.lens


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("nan", "'nan' is no focal length"),
        ("-26", "'-26' is no focal length"),
        ("1e9", "'1e9' is no focal length"),
        ("9" * 400, "'99999999999999999999' is no focal length"),
        ("wide", "'wide' is no focal length"),
        ("999999", "999999 mm on 35 mm film would see 0.00198deg across, and lenses see 2deg to 150deg"),
        ("4", "4 mm on 35 mm film would see 154deg across, and lenses see 2deg to 150deg"),
    ],
)
def test_what_is_no_lens_is_said(tmp_path: Path, said: str, why: str) -> None:
    lens = probe(write_video(tmp_path / "clip.mov", {FILM_KEY: said})).lens
    assert lens is not None
    assert (lens.focal_px, lens.words) == (None, why)


@given(st.one_of(st.text(max_size=30), st.floats(0, 2e3).map(str)), SIDES, SIDES)
def test_whatever_is_written_is_a_lens_that_there_is_or_none(written: str, width: int, height: int) -> None:
    lens = lens_on_film(written, (width, height))
    if lens is not None and lens.focal_px is not None:
        assert NARROWEST <= 2 * math.atan(width / 2 / lens.focal_px) <= WIDEST


@given(SIDES, SIDES)
def test_a_picture_and_the_same_upright_are_as_long(width: int, height: int) -> None:
    assert long_side_mm((width, height)) == long_side_mm((height, width))


@given(st.integers(1, 1000), st.floats(0, 1), st.floats(0, 1))
def test_a_part_of_a_sensor_of_4_by_3_has_its_lens(unit: int, lower: float, narrower: float) -> None:
    """Cut above and below to more than 3:2, or at the sides to as little as a square: a pixel is as large as before."""
    width, height = 4 * unit, 3 * unit
    whole = long_side_mm((width, height)) / width
    low = max(1, math.ceil(lower * width * 2 / 3) - 1)
    narrow = height + round(narrower * unit)
    assert long_side_mm((width, low)) / width == pytest.approx(whole)
    assert long_side_mm((narrow, height)) / narrow == pytest.approx(whole)


@given(st.integers(2, 5000), st.floats(0, 1))
def test_a_picture_of_a_sensor_s_shape_has_the_diagonal_of_film(height: int, wider: float) -> None:
    """From 4:3 to 3:2."""
    least, most = math.ceil(height * 4 / 3), math.floor(height * 3 / 2)
    width = least + round(wider * (most - least))
    assert math.hypot(1, height / width) * long_side_mm((width, height)) == pytest.approx(FILM_DIAGONAL_MM)


def test_35_mm_on_film_is_35_mm_on_film() -> None:
    lens = lens_on_film("35", (3600, 2400))
    assert lens is not None
    assert lens.focal_px == pytest.approx(3500, rel=1e-15)


@given(st.binary(max_size=60), st.integers(0, 4000), st.integers(0, 1))
def test_a_damaged_file_says_something_or_nothing(film_of_a_phone: Path, put: bytes, at: int, cut: int) -> None:
    """Whatever stands in its boxes, nothing but the keys is at stake."""
    whole = film_of_a_phone.read_bytes()
    at %= len(whole)
    damaged = film_of_a_phone.with_name("damaged.mov")
    damaged.write_bytes(whole[:at] + put + (b"" if cut else whole[at + len(put) :]))
    assert all(isinstance(value, str) for value in track_keys(damaged, 1).values())


@pytest.fixture(scope="module")
def film_of_a_phone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phone_video(
        tmp_path_factory.mktemp("phone") / "clip.mov", (FILM_KEY, SIGNED, bytes(3) + b"\x1a"), ("b", FLOAT32, bytes(4))
    )
