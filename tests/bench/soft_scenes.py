"""Frames with true depth, that depth made worse as networks and small files make it, and how bad it then is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import cv2
import imageio.v3 as iio
import numpy as np
from scipy import ndimage

from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.reconstruction.watertight_mesh import build_mesh
from tests.bench.kitchen_frames import Frame, photograph
from tests.bench.true_views import Photograph
from tests.shared_data import ROOT

OFFICE = Pinhole(640, 480, 525.0, (320.0, 240.0))
OFF_PX = 1.5
"""How far off the picture's edges a network's lie, root of the mean square a side, where it is said to be off."""
NEAR_EDGE_PX = 4
STEP = 1.06
"""Factor between true depths of neighbours that are no surface."""
MID_AIR = 0.05
"""Nearer than the far side and farther than the near side by this share: there is nothing."""

Depth = np.ndarray


@dataclass(frozen=True, eq=False)
class Scene:
    """One photograph, its depth complete: what was not measured is filled, and judged nowhere."""

    photograph: Photograph
    depth: Depth

    @classmethod
    def of(cls, photograph: Photograph) -> Scene:
        return cls(photograph, fill_unknown(photograph.depth, photograph.known))

    @property
    def edges(self) -> np.ndarray:
        """Pixels within ``NEAR_EDGE_PX`` of a true depth edge."""
        near, far = ndimage.minimum_filter(self.depth, 3), ndimage.maximum_filter(self.depth, 3)
        return ndimage.binary_dilation(far > STEP * near, np.ones((3, 3)), iterations=NEAR_EDGE_PX)


@cache
def kitchen(number: int) -> Scene:
    """A frame of redkitchen, its colour moved to where its depth is."""
    return Scene.of(photograph(Frame(number, aligned=True)))


@cache
def office(number: int) -> Scene:
    """A frame of open3d_rgbd."""
    folder = ROOT / "open3d_rgbd"
    depth = iio.imread(folder / "depth" / f"{number:05d}.png").astype(np.float32) / np.float32(1000)
    colour = iio.imread(folder / "color" / f"{number:05d}.jpg")
    return Scene.of(Photograph(colour, depth, depth > 0, OFFICE))


@cache
def courtyard(right_deg: float = 0.0) -> Scene:
    """The sample film, computed from a camera on a circle: colour and depth agree to the pixel."""
    from shots.media import make_courtyard as film

    view = film.render_view(64 / 24, film.orbit(right_deg), samples=3)
    lens = Pinhole.from_horizontal_angle(film.WIDTH, film.HEIGHT, float(np.radians(film.LENS_DEG)))
    return Scene.of(Photograph(view.colour, view.depth, np.ones(view.depth.shape, np.bool_), lens))


def scenes() -> Mapping[str, list[Scene]]:
    return {
        "kitchen": [kitchen(n) for n in (0, 60, 120, 180)],
        "office": [office(n) for n in (0, 2, 4)],
        "courtyard": [courtyard()],
    }


def small(depth: Depth, factor: int) -> Depth:
    """Shrink by the mean of 1/z, as a network that looks at fewer pixels, or a careless tool, does."""
    size = (depth.shape[1] // factor, depth.shape[0] // factor)
    return (1 / cv2.resize(1 / depth, size, interpolation=cv2.INTER_AREA)).astype(np.float32)


def picked(depth: Depth, factor: int) -> Depth:
    """Shrink by taking one pixel of each block, the middle one or the first after it."""
    return np.ascontiguousarray(depth[factor // 2 :: factor, factor // 2 :: factor])


def upscaled(depth: Depth, factor: int = 4) -> Depth:
    """Soften: a quarter of the size, and back by a cubic, all in 1/z."""
    inverse = cv2.resize(1 / small(depth, factor), depth.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return (1 / np.clip(inverse, 1 / depth.max(), 1 / depth.min())).astype(np.float32)


def blurred(pixels: float) -> Callable[[Depth], Depth]:
    return lambda depth: (1 / cv2.GaussianBlur(1 / depth, (0, 0), pixels)).astype(np.float32)


def misplaced(depth: Depth) -> Depth:
    """Move everything by some pixels, smoothly and by a seed, and soften it as ``upscaled`` does."""
    rng = np.random.default_rng(1)
    moves = [cv2.GaussianBlur(rng.standard_normal(depth.shape), (0, 0), 12) for _ in range(2)]
    rows, columns = np.indices(depth.shape)
    at = [
        (grid + OFF_PX * move / move.std()).astype(np.float32)
        for grid, move in zip((columns, rows), moves, strict=True)
    ]
    return upscaled(
        (1 / cv2.remap(1 / depth, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)).astype(np.float32)
    )


SOFTENINGS: Mapping[str, Callable[[Depth], Depth]] = {
    "1/4, cubic": upscaled,
    "blur 2 px": blurred(2.0),
    "blur 3 px": blurred(3.0),
    "1/4, and off": misplaced,
}


def hidden_pixels(depth: Depth, lens: Pinhole) -> float:
    """Return how many pixels the mesh's hidden faces have (two faces a pixel), without the frame's border."""
    black = np.zeros((*depth.shape, 3), np.uint8)
    return float(build_mesh(black, depth, lens).hidden_face[:, 1:-1, 1:-1].sum() / 2)


def in_mid_air(depth: Depth) -> np.ndarray:
    """Tell which pixels lie between the nearest and the farthest within 4 pixels, near to neither of the two.

    Where these differ by more than thrice what "near to" means.
    """
    near, far = ndimage.minimum_filter(depth, 9), ndimage.maximum_filter(depth, 9)
    between = (depth > (1 + MID_AIR) * near) & ((1 + MID_AIR) * depth < far)
    return between & (far > (1 + 3 * MID_AIR) * near)


@dataclass(frozen=True)
class Badness:
    """How far depth is from the true one."""

    hidden: float
    """Pixels of hidden faces."""
    mid_air: float
    """Pixels."""
    edge_median: float
    """Relative error of depth near edges; the others, too."""
    edge_90: float
    edge_wrong: float
    """Share with an error above 5 %."""
    else_90: float

    @classmethod
    def of(cls, depth: Depth, scene: Scene) -> Badness:
        error, edges, known = np.abs(depth / scene.depth - 1), scene.edges, scene.photograph.known
        beside, apart = error[edges & known], error[~edges & known]
        return cls(
            hidden=hidden_pixels(depth, scene.photograph.lens),
            mid_air=float((in_mid_air(depth) & known).sum()),
            edge_median=float(np.median(beside)),
            edge_90=float(np.percentile(beside, 90)),
            edge_wrong=float((beside > 0.05).mean()),
            else_90=float(np.percentile(apart, 90)),
        )

    @classmethod
    def mean(cls, many: list[Badness]) -> Badness:
        return cls(*np.mean([list(vars(one).values()) for one in many], axis=0))
