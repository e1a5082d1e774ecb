"""Make the sample film: a fox carries a lantern across a courtyard at dusk.

Everything is computed, so everything is known: the depth of every pixel, what stands behind the fox, and how the
scene looks from anywhere else. Run it from the checkout with ``python -m shots.media.make_courtyard``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8, UInt16

from ex4d.media.writing import H264Writer, LosslessWriter
from shots.media.courtyard.fox import BOUND_RADIUS, pose
from shots.media.courtyard.relight import relight
from shots.media.courtyard.survey import Place, survey

WIDTH, HEIGHT = 512, 384
FRAME_RATE = 24
FRAMES = 120
LENS_DEG = 54.0
"""Horizontal angle of view."""
EYE_HEIGHT = 0.95
"""Metres from the paving to the source camera, which looks level along z."""
SAMPLES = 3
"""Rays a pixel along each axis; odd, so that one of them is the pixel's centre, where depth is taken."""
FAR_MM = 65535
TRUTH_FRAME = 60
TRUTH_DEG = (30.0, -30.0)
"""Of which moment, and from where, true second views are kept beside the film."""


@dataclass(frozen=True)
class View:
    """One picture of the scene, with what only a computed scene can tell."""

    colour: UInt8[np.ndarray, "height width 3"]
    """sRGB."""
    depth: Float32[np.ndarray, "height width"]
    """Metres along the view axis at the pixels' centres, never averaged across an edge."""
    subject_mask: Bool[np.ndarray, "height width"]
    """True where the fox (with its lantern) is seen at the pixel's centre."""


def focal_px(width: int = WIDTH) -> float:
    """Focal length in pixels of the film's lens at an image width."""
    return 0.5 * width / float(np.tan(np.radians(LENS_DEG) / 2.0))


def _camera_rays(width: int, height: int, samples: int) -> Float64[np.ndarray, "height width samples 3"]:
    """Directions in OpenCV camera axes with z = 1, on a regular grid inside each pixel."""
    inside = (np.arange(samples) + 0.5) / samples
    x = (np.arange(width)[:, None] + inside - 0.5 * width) / focal_px(width)
    y = (np.arange(height)[:, None] + inside - 0.5 * height) / focal_px(width)
    grid = np.empty((height, width, samples, samples, 3))
    grid[..., 0], grid[..., 1], grid[..., 2] = x[None, :, None, :], y[:, None, :, None], 1.0
    return grid.reshape(height, width, samples * samples, 3)


@lru_cache(maxsize=2)
def _place(camera: bytes, width: int, height: int, samples: int) -> Place:
    """Survey the courtyard from a camera; kept, because only the fox changes from frame to frame."""
    world_from_camera = np.frombuffer(camera).reshape(4, 4)
    rays = _camera_rays(width, height, samples) @ world_from_camera[:3, :3].T
    rays *= np.array([1.0, -1.0, 1.0])
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    origin = world_from_camera[:3, 3] * np.array([1.0, -1.0, 1.0]) + np.array([0.0, EYE_HEIGHT, 0.0])
    return survey(origin, np.ascontiguousarray(rays))


def _glare(linear: Float64[np.ndarray, "height width 3"]) -> Float64[np.ndarray, "height width 3"]:
    """Let bright lamps bleed a little into their surroundings, as a lens does."""
    bright = np.maximum(linear - 0.9, 0.0)
    for sigma, weight in ((linear.shape[1] / 150.0, 0.20), (linear.shape[1] / 45.0, 0.14)):
        reach = int(3 * sigma)
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        kernel /= kernel.sum()
        spread = np.apply_along_axis(np.convolve, 0, bright, kernel, "same")
        linear = linear + weight * np.apply_along_axis(np.convolve, 1, spread, kernel, "same")
    return linear


def _film(linear: Float64[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    """Expose: a soft shoulder, a little toe, then sRGB's curve."""
    x = 1.2 * linear
    x = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0)
    encoded = np.where(x < 0.0031308, 12.92 * x, 1.055 * x ** (1.0 / 2.4) - 0.055)
    return (encoded * 255.0 + 0.5).astype(np.uint8)


def render_view(
    time_s: float,
    world_from_camera: Float64[np.ndarray, "4 4"],
    *,
    subject: bool = True,
    width: int = WIDTH,
    height: int = HEIGHT,
    samples: int = SAMPLES,
) -> View:
    """Render the scene at a time from any camera (OpenCV axes, metres, the film's camera is the identity).

    ``subject=False`` is the clean plate under the same light: the fox is gone, its lantern's light and its shadow
    are not, so that it is the truth for what the fox hides. ``samples`` is odd: rays a pixel along each axis.

    Raises:
        ValueError: ``samples`` is even, so that no ray would go through the pixel's centre.
    """
    if samples % 2 == 0:
        raise ValueError(f"samples is {samples}; it must be odd, so that one ray meets the pixel's centre")
    camera = np.ascontiguousarray(world_from_camera, dtype=np.float64)
    place = _place(camera.tobytes(), width, height, samples)
    linear, reach, seen = relight(place, pose(time_s), subject=subject, radius=BOUND_RADIUS)
    middle = _camera_rays(width, height, 1)[:, :, 0]
    depth = reach / np.linalg.norm(middle, axis=-1)
    return View(_film(_glare(linear)), depth.astype(np.float32), seen)


def orbit(right_deg: float, distance: float = 4.1) -> Float64[np.ndarray, "4 4"]:
    """Return a camera turned to the right round the point ``distance`` metres straight ahead, still facing it."""
    angle = np.radians(right_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    camera = np.eye(4)
    camera[:3, :3] = [[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]]
    camera[:3, 3] = [distance * sin, 0.0, distance * (1.0 - cos)]
    return camera


def depth_mm(depth: Float32[np.ndarray, "height width"]) -> UInt16[np.ndarray, "height width"]:
    """Depth as the depth video stores it: whole millimetres."""
    return np.rint(np.minimum(depth * 1000.0, FAR_MM)).astype(np.uint16)


def make_film(folder: Path) -> None:
    """Write ``courtyard.mp4`` and ``courtyard.depth.mkv`` (FFV1, 16 bits, millimetres)."""
    size, rate = (WIDTH, HEIGHT), Fraction(FRAME_RATE)
    with (
        H264Writer(folder / "courtyard.mp4", size, rate) as colours,
        LosslessWriter(folder / "courtyard.depth.mkv", size, rate, "gray16") as depths,
    ):
        for frame in range(FRAMES):
            view = render_view(frame / FRAME_RATE, np.eye(4))
            colours.write(view.colour)
            depths.write(depth_mm(view.depth))


def make_truth(folder: Path) -> None:
    """Write a few true views from elsewhere: pictures to compare a result with."""
    folder.mkdir(exist_ok=True)
    for right_deg in TRUTH_DEG:
        side = "right" if right_deg > 0 else "left"
        view = render_view(TRUTH_FRAME / FRAME_RATE, orbit(right_deg))
        iio.imwrite(folder / f"frame{TRUTH_FRAME:03d}_{side}{abs(right_deg):.0f}.png", view.colour)
    plate = render_view(TRUTH_FRAME / FRAME_RATE, np.eye(4), subject=False)
    iio.imwrite(folder / f"frame{TRUTH_FRAME:03d}_plate.png", plate.colour)


def main() -> None:
    """Make the film, its depth and the true views beside this file."""
    folder = Path(__file__).parent
    make_film(folder)
    make_truth(folder / "truth")


if __name__ == "__main__":
    main()
