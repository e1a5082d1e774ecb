"""The lens that photographs state in their EXIF: where cameras write it, and when they do not say one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import TiffImagePlugin

from ex4d.media.lens_metadata import MOST_IMAGES
from ex4d.media.probe import MediaInfo, probe
from tests.media.phones import (
    FULL_WIDTH,
    ON_FILM,
    write_photographs,
)

FPS = Fraction(24)


def images(folder: Path) -> MediaInfo:
    return probe(folder, FPS)


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
