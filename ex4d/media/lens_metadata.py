"""The lens that a video or its images say they were filmed through.

Nearly all say it as a focal length "on 35 mm film": the lens that sees as much on a frame of 36 x 24 mm. Frames of
different shapes are compared by their diagonals (CIPA DCG-001), 43.27 mm on film, and so 26 mm on film is
``26 / 43.27`` of the diagonal of the picture for which it is said.

Which picture that is, the shape of the frames tells. The number is the camera's, and a phone's camera has a sensor of
4:3, which is 34.61 x 25.96 mm where its diagonal is film's. Video wider than 3:2 is cut from all of that width (iPhones
write the same number whether they film 16:9 or 4:3, and their 16:9 sees nearly as far to the sides), and pictures
narrower than 4:3 from all of that height. In between lie the shapes that sensors have: there it is the picture's own
diagonal. The longer side is the sensor's longer one however the phone was held.

What is cut away besides, as by a phone that steadies its picture, no file says: the true lens is then longer.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ex4d.geometry.pinhole import NARROWEST, WIDEST
from ex4d.media.quicktime_keys import track_keys

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

FILM_DIAGONAL_MM = math.hypot(36.0, 24.0)
"""Of a frame of 35 mm film."""
SENSOR_MM = (0.8 * FILM_DIAGONAL_MM, 0.6 * FILM_DIAGONAL_MM)
"""Sides of a 4:3 picture of that diagonal."""
FILM_KEY = "camera.focal_length.35mm_equivalent"
"""How the key of videos ends, ``com.apple.quicktime.`` before it; Matroska has it in capitals."""
MOST_IMAGES = 9
"""Of a folder, spread over all of it, that are asked whether they agree."""
CUT = 0.02
"""By what share the shape of a picture may differ from what it was taken as, and still be all of it."""

Size = tuple[int, int]
Tags = Mapping[int, Any]
_EXIF, _FOCAL_LENGTH, _WIDTH, _HEIGHT = 0x8769, 0x920A, 0xA002, 0xA003
_PIXELS_A_UNIT, _UNIT, _ON_FILM = 0xA20E, 0xA210, 0xA405
"""Tags of EXIF: FocalLength, PixelXDimension, PixelYDimension, FocalPlaneXResolution and its unit,
FocalLengthIn35mmFilm."""
_UNITS_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""Of FocalPlaneResolutionUnit: inches where none is written."""
_WRITTEN = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,15})?)\s*(?:mm)?[\s\0]*")


@dataclass(frozen=True)
class StatedLens:
    """What a file says of its lens."""

    focal_px: float | None
    """Focal length in pixels of the upright picture; None where what it says is no lens."""
    words: str
    """What it says, for the user; where that is no lens, why not."""


def lens_of_video(path: Path, container: InputContainer, stream: VideoStream, size: Size) -> StatedLens | None:
    """Return the lens that a video's metadata states, for pictures of this size upright; None if it states none."""
    said = [container.metadata, stream.metadata]
    if "mp4" in container.format.name.split(","):
        said.append(track_keys(path, stream.id))
    found = [value for keys in said for key, value in keys.items() if key.lower().endswith(FILM_KEY)]
    return lens_on_film(found[-1], size) if found else None


def lens_of_images(images: Sequence[Path], size: Size) -> StatedLens | None:
    """Return the lens that the EXIF of images states, for pictures of this size upright; None if it states none.

    A few of them are read; what they do not agree on is no lens.
    """
    step = max(1, math.ceil(len(images) / MOST_IMAGES))
    asked = {image.name: _lens_of_image(image, size) for image in images[::step]}
    first, lens = next(iter(asked.items()))
    for name, other in asked.items():
        if other != lens:
            return StatedLens(None, f"not one lens: {_shown(lens)} in {first}, {_shown(other)} in {name}")
    return lens


def lens_on_film(written: str, size: Size) -> StatedLens | None:
    """Return the lens that is so many millimetres on 35 mm film, for pictures of this size; None for 0, not known."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return StatedLens(None, f"{written[:20]!r} is no focal length")
    length = float(found[1])
    return _lens(length * max(size) / long_side_mm(size), f"{length:g} mm on 35 mm film", size) if length else None


def long_side_mm(size: Size) -> float:
    """Return how long a picture's longer side is, in millimetres of a sensor that has the diagonal of film."""
    short, long = sorted(size)
    if 2 * long > 3 * short:
        return SENSOR_MM[0]
    return SENSOR_MM[1] * long / short if 3 * long < 4 * short else FILM_DIAGONAL_MM * long / math.hypot(*size)


def _shown(lens: StatedLens | None) -> str:
    return lens.words if lens else "nothing"


def _lens(focal_px: float, words: str, size: Size) -> StatedLens:
    angle = 2.0 * math.atan2(0.5 * size[0], focal_px)
    if not NARROWEST <= angle <= WIDEST:
        return StatedLens(None, f"{words} would see {math.degrees(angle):.3g}deg across, and lenses see 2deg to 150deg")
    return StatedLens(focal_px, words)


def _lens_of_image(image: Path, size: Size) -> StatedLens | None:
    tags = _exif(image)
    taken = [_number(tags.get(tag)) or side for tag, side in ((_WIDTH, max(size)), (_HEIGHT, min(size)))]
    if abs(max(taken) * min(size) / (min(taken) * max(size)) - 1) > CUT:
        return StatedLens(None, f"it was taken as {taken[0]:g}x{taken[1]:g}, and cut since")
    if tags.get(_ON_FILM):
        return lens_on_film(str(tags[_ON_FILM]), size)
    length, resolution = _number(tags.get(_FOCAL_LENGTH)), _number(tags.get(_PIXELS_A_UNIT))
    unit_mm = _UNITS_MM.get(tags.get(_UNIT, 2))
    if not (length and resolution and unit_mm):
        return None
    sensor_mm = max(taken) * unit_mm / resolution
    return _lens(length * max(size) / sensor_mm, f"{length:.4g} mm before a sensor {sensor_mm:.4g} mm long", size)


def _exif(image: Path) -> Tags:
    """Return an image's EXIF without decoding the image; nothing of what is damaged."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damaged EXIF, and reads what is left
        try:
            with Image.open(image, formats=("JPEG", "PNG")) as opened:
                stored = opened.info.get("exif", b"")
            exif = Image.Exif()
            exif.load(stored)
            return dict(exif.get_ifd(_EXIF))
        except Exception:  # Pillow raises whatever its parsers raise
            return {}


def _number(value: Any) -> float | None:
    """Return a tag's number; None where it is none above 0."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0.0 < number < math.inf else None
