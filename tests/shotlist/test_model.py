"""The records, built from Python."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path as FilePath

import pytest
from pydantic import ValidationError

from ex4d.shotlist import model
from ex4d.shotlist.model import CameraItem, Pan, Path, Position, Shot, Source, Spline, SplineKey


def test_a_number_given_from_python_is_canonical_and_a_text_is_in_words() -> None:
    """Radians either way."""

    assert Pan(angle=math.radians(20)) == Pan(angle="20deg")  # type: ignore[arg-type]
    assert Position(value=Fraction(40), unit="%") == Position.model_validate("40%")


def test_a_shot_is_built_from_python() -> None:
    """Every default that a test of the compiler may leave out may be left out."""
    spline = Spline(keys=(SplineKey(at="0%"), SplineKey(at="100%", position=(0.35, 0.1, 0.0))))  # type: ignore[arg-type]
    shot = Shot(
        name="a",
        source=Source(video=FilePath("x.mp4")),
        camera=(CameraItem(move=spline), CameraItem(move=Pan(angle=0.3), at="20%..60%")),  # type: ignore[arg-type]
    )

    assert shot.source.lens is None
    assert shot.camera[1].at.start == Position(value=Fraction(20), unit="%")


def test_records_are_frozen() -> None:
    """A record is a value."""
    with pytest.raises(ValidationError):
        Pan(angle=0.1).angle = 0.2  # type: ignore[misc]


def test_a_second_base_camera_is_refused_from_python_too() -> None:
    """The rule is the record's, not the file reader's."""
    item = CameraItem(move=Path(right="s"))  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="a second base camera"):
        Shot(name="a", source=Source(video=FilePath("x.mp4")), camera=(item, item))


def test_the_face_of_the_model_is_complete() -> None:
    """What others import exists."""

    assert all(hasattr(model, name) for name in model.__all__)
