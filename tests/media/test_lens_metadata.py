"""The lens that a file states: where phones and cameras write it, what it means for the frames, and what is no lens."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import TiffImagePlugin

from ex4d.geometry.pinhole import NARROWEST, WIDEST
from ex4d.media.lens_metadata import FILM_DIAGONAL_MM, MOST_IMAGES, lens_on_film, long_side_mm
from ex4d.media.probe import MediaInfo, probe
from ex4d.media.quicktime_keys import track_keys
from tests.media.phones import (
    FILM_KEY,
    FLOAT32,
    FLOAT64,
    ON_FILM,
    SIGNED,
    SIZE,
    TEXT,
    UNSIGNED,
    box,
    track_notes,
    write_phone_video,
    write_photographs,
    write_video,
)

FULL_WIDTH = 0.8 * math.hypot(36, 24)
"""Millimetres: a sensor of 4:3 with the diagonal of film."""
FPS = Fraction(24)
SIDES = st.integers(2, 5000)


def images(folder: Path) -> MediaInfo:
    return probe(folder, FPS)


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


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_photograph_says_it_in_its_exif(tmp_path: Path, suffix: str) -> None:
    lens = images(write_photographs(tmp_path / "shots", {ON_FILM: 26}, {ON_FILM: 26}, suffix=suffix)).lens
    assert lens is not None
    assert (lens.focal_px, lens.words) == (26 * 32 / FULL_WIDTH, "26 mm on 35 mm film")


def test_a_photograph_that_is_shown_upright_has_the_same_lens(tmp_path: Path) -> None:
    info = images(write_photographs(tmp_path / "shots", {ON_FILM: 26, 0xA002: 4032, 0xA003: 3024}, orientation=6))
    assert info.size == (24, 32)
    assert info.lens is not None
    assert info.lens.focal_px == 26 * 32 / FULL_WIDTH


def rational(top: int, bottom: int) -> TiffImagePlugin.IFDRational:
    return TiffImagePlugin.IFDRational(top, bottom)


@pytest.mark.parametrize(
    ("unit", "resolution"),
    [
        ({}, rational(25400, 10)),
        ({0xA210: 2}, rational(2540, 1)),
        ({0xA210: 3}, rational(1000, 1)),
        ({0xA210: 4}, rational(100, 1)),
    ],
)
def test_a_camera_that_states_its_sensor_is_read_too(
    tmp_path: Path, unit: dict[int, object], resolution: object
) -> None:
    """100 pixels a millimetre: 3200 pixels are 32 mm, before which 16 mm are 16 pixels where 32 are left of them."""
    camera = {0x920A: rational(16, 1), 0xA20E: resolution, 0xA002: 3200, 0xA003: 2400, **unit}
    lens = images(write_photographs(tmp_path / "shots", camera)).lens
    assert lens is not None
    assert lens.focal_px == pytest.approx(16, rel=1e-12)
    assert lens.words == "16 mm before a sensor 32 mm long"
    assert images(write_photographs(tmp_path / "upright", camera, orientation=8)).lens == lens


@pytest.mark.parametrize(
    "camera",
    [
        {},
        {ON_FILM: 0},
        {0x920A: rational(16, 1)},
        {0x920A: rational(0, 0), 0xA20E: rational(100, 1), 0xA210: 4},
        {0x920A: rational(16, 1), 0xA20E: rational(0, 1), 0xA210: 4},
        {0x920A: rational(16, 1), 0xA20E: rational(100, 1), 0xA210: 1},
    ],
)
def test_a_photograph_that_does_not_say_it_has_none(tmp_path: Path, camera: dict[int, object]) -> None:
    assert images(write_photographs(tmp_path / "shots", camera)).lens is None


@pytest.mark.parametrize(
    ("shots", "why"),
    [
        ([{ON_FILM: 26}, {ON_FILM: 52}], "not one lens: 26 mm on 35 mm film in 0.jpg, 52 mm on 35 mm film in 1.jpg"),
        ([{ON_FILM: 26}, {}], "not one lens: 26 mm on 35 mm film in 0.jpg, nothing in 1.jpg"),
        ([{ON_FILM: 26, 0xA002: 4000, 0xA003: 2000}], "it was taken as 4000x2000, and cut since"),
        ([{ON_FILM: 4}], "4 mm on 35 mm film would see 154deg across, and lenses see 2deg to 150deg"),
    ],
)
def test_photographs_that_state_no_lens_of_all_of_them(
    tmp_path: Path, shots: list[dict[int, object]], why: str
) -> None:
    lens = images(write_photographs(tmp_path / "shots", *shots)).lens
    assert lens is not None
    assert (lens.focal_px, lens.words) == (None, why)


def test_only_a_few_of_many_photographs_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spread over all of them, the first among them."""
    from ex4d.media import lens_metadata

    asked: list[str] = []
    read = lens_metadata._exif
    monkeypatch.setattr(lens_metadata, "_exif", lambda image: asked.append(image.stem) or read(image))
    images(write_photographs(tmp_path / "shots", *[{ON_FILM: 26}] * 40))
    assert asked == ["0", "5", "10", "15", "20", "25", "30", "35"]
    assert len(asked) <= MOST_IMAGES


def test_damaged_exif_is_none(tmp_path: Path) -> None:
    folder = write_photographs(tmp_path / "shots", {ON_FILM: 26})
    whole = (folder / "0.jpg").read_bytes()
    assert b"Exif\0\0MM" in whole or b"Exif\0\0II" in whole
    (folder / "0.jpg").write_bytes(whole.replace(b"Exif\0\0MM", b"Exif\0\0XX").replace(b"Exif\0\0II", b"Exif\0\0XX"))
    assert images(folder).lens is None
