"""What bench_refinement measures: views by another camera, depth made small and enlarged, holes and their truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import cv2
import numpy as np
from scipy import ndimage

from ex4d.artifacts.mesh_profile import PROFILES, widest_step
from ex4d.media.depth_resampling import enlarge
from ex4d.reconstruction.edge_sharpening import sharpen
from ex4d.reconstruction.guided_upsampling import colour_of_depth, upsample_guided
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.rasterizer import RenderedFrame
from tests.bench.soft_scenes import Scene, courtyard, kitchen, office, picked, small
from tests.bench.true_view_variants import RASTERIZER, SUBJECT_DISTANCES, ringed
from tests.bench.true_views import TOLERANCE
from tests.shared_data import ROOT

KITCHEN_PAIRS = (
    (0, 70),
    (30, 85),
    (60, 100),
    (0, 115),
    (30, 120),
    (60, 130),
    (90, 190),
    (120, 180),
    (150, 185),
    (180, 220),
)
OFFICE_PAIRS = ((0, 4), (4, 0), (0, 3), (1, 4))
COURTYARD_DEG = (10.0, 20.0, 30.0, -10.0, -20.0, -30.0)
SHRINKINGS = {"mean": small, "picked": picked}
NEIGHBOURS = (-30, -20, -10, 10, 20, 30)
"""Numbers away: frames that measured what a frame did not."""
AGREEING = 3
"""So many of them, all within ``TOLERANCE`` of each other, make a truth: beside edges poses are off by some pixels."""


def cleaned(depth: np.ndarray, scene: Scene) -> np.ndarray:
    return sharpen(depth, np.ones(depth.shape, np.bool_), scene.photograph.colour)


@dataclass(frozen=True, eq=False)
class Pair:
    """A scene whose mesh is seen by the camera of another photograph."""

    source: Scene
    target: Scene
    pose: np.ndarray
    """The second camera in the first one's axes."""

    def view(self, depth: np.ndarray) -> RenderedFrame:
        photograph = self.source.photograph
        border = max(SUBJECT_DISTANCES * float(np.median(depth)), 2 * float(depth.max()))
        profile = replace(PROFILES["clean"], border_depth=border)
        colour, depth, known, lens = ringed(photograph.colour, depth, photograph.known, photograph.lens)
        mesh = build_mesh(colour, depth, lens, profile=profile, known=known)
        return RASTERIZER.render(mesh, self.pose, photograph.lens)


@cache
def pairs(most: int) -> Mapping[str, list[Pair]]:
    in_kitchen = np.load(ROOT / "redkitchen" / "world_from_camera.npy")
    lines = (ROOT / "open3d_rgbd" / "trajectory.log").read_text().splitlines()
    in_office = np.array([[line.split() for line in lines[5 * n + 1 : 5 * n + 5]] for n in range(5)], float)
    from shots.media.make_courtyard import orbit

    return {
        "kitchen": [
            Pair(kitchen(a), kitchen(b), np.linalg.inv(in_kitchen[a // 5]) @ in_kitchen[b // 5])
            for a, b in KITCHEN_PAIRS[:most]
        ],
        "office": [
            Pair(office(a), office(b), np.linalg.inv(in_office[a]) @ in_office[b]) for a, b in OFFICE_PAIRS[:most]
        ],
        "courtyard": [Pair(courtyard(), courtyard(deg), orbit(deg)) for deg in COURTYARD_DEG[:most]],
    }


Scale = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Upsampled:
    """Depth of fewer pixels and the way to the picture's size."""

    depth: np.ndarray
    scene: Scene
    factor: int
    picked: bool

    @property
    def scale(self) -> Scale:
        return Fraction(self.factor), Fraction(self.factor)

    @property
    def origin(self) -> Scale:
        """Where the picture begins in the depth's pixels: picked ones are those half a pixel after the middle."""
        off = Fraction(-1, 2 * self.factor) if self.picked and self.factor % 2 == 0 else Fraction(0)
        return off, off

    @property
    def step(self) -> float:
        return widest_step(self.scene.photograph.lens.focal_px / self.factor)

    @property
    def known(self) -> np.ndarray:
        return np.ones(self.depth.shape, np.bool_)

    def nearest(self) -> np.ndarray:
        return np.kron(self.depth, np.ones((self.factor, self.factor), np.float32))

    def surfaces(self) -> np.ndarray:
        size = self.scene.photograph.colour.shape[1::-1]
        return enlarge(self.depth, self.known, size, self.scale, self.origin, self.step)[0]

    def guided(self) -> np.ndarray:
        colour = self.scene.photograph.colour
        return upsample_guided(self.depth, self.known, colour, self.scale, self.origin, self.step)[0]

    def sharpened(self) -> Upsampled:
        """Sharpen it as it is, by the mean of the colours on each of its pixels."""
        colour, covered = colour_of_depth(self.depth.shape, self.scene.photograph.colour, self.scale, self.origin)
        return replace(self, depth=sharpen(self.depth, covered, colour))


WAYS: Mapping[str, Callable[[Upsampled], np.ndarray]] = {
    "nearest": Upsampled.nearest,
    "surfaces": Upsampled.surfaces,
    "guided": Upsampled.guided,
    "sharpened, surfaces": lambda small: small.sharpened().surfaces(),
    "sharpened, guided": lambda small: small.sharpened().guided(),
    "guided, then sharpened": lambda small: cleaned(small.guided(), small.scene),
}


def made_small(scene: Scene, factor: int, shrinking: str) -> Upsampled:
    return Upsampled(SHRINKINGS[shrinking](scene.depth, factor), scene, factor, shrinking == "picked")


def filled_by_nearest(depth: np.ndarray, known: np.ndarray) -> np.ndarray:
    return depth[tuple(ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True))]


def inpainted(method: int, radius: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """In 16 bits: OpenCV's Telea goes wild on floats."""

    def fill(depth: np.ndarray, known: np.ndarray) -> np.ndarray:
        inverse = np.divide(1, depth, out=np.zeros_like(depth), where=known)
        codes = np.rint(inverse * (65_535 / inverse.max())).astype(np.uint16)
        filled = cv2.inpaint(codes, (~known).astype(np.uint8), radius, method).astype(np.float32)
        return 65_535 / inverse.max() / np.maximum(filled, 1)

    return fill


FILLS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "fill_unknown": fill_unknown,
    "nearest pixel": filled_by_nearest,
    "Telea of 1/z, radius 3": inpainted(cv2.INPAINT_TELEA, 3),
    "Telea of 1/z, radius 10": inpainted(cv2.INPAINT_TELEA, 10),
    "Navier-Stokes of 1/z, radius 3": inpainted(cv2.INPAINT_NS, 3),
}


@dataclass(frozen=True)
class Hole:
    """Depth with something unknown, and what would be there."""

    depth: np.ndarray
    known: np.ndarray
    where: np.ndarray
    """Pixels that are not known, and judged."""
    truth: np.ndarray

    @classmethod
    def hidden(cls, scene: Scene, other: Scene) -> Hole:
        """Hide what another frame does not know."""
        depth, known = scene.photograph.depth, scene.photograph.known
        return cls(depth, known & other.photograph.known, known & ~other.photograph.known, depth)

    @classmethod
    def measured(cls, number: int) -> Hole:
        """Look at what a frame of the kitchen did not measure and the frames round about it did."""
        scene = kitchen(number).photograph
        others = [n for n in (number + away for away in NEIGHBOURS) if 0 <= n < 300]
        seen = np.array([carried(other, number) for other in others])
        measured = np.isfinite(seen)
        near, far = seen.min(axis=0), np.where(measured, seen, 0).max(axis=0)
        agreed = (measured.sum(axis=0) >= AGREEING) & (far < (1 + TOLERANCE) * near)
        truth = np.where(measured, seen, 0).sum(axis=0) / np.maximum(measured.sum(axis=0), 1)
        return cls(scene.depth, scene.known, agreed & ~scene.known, truth)


def carried(number: int, to: int) -> np.ndarray:
    """Return depth that one frame of the kitchen measured as another would see it, inf where it says nothing."""
    scene, poses = kitchen(number).photograph, np.load(ROOT / "redkitchen" / "world_from_camera.npy")
    rows, columns = np.nonzero(scene.known)
    points = scene.lens.unproject(np.stack([columns, rows], axis=-1) + 0.5, scene.depth[rows, columns].astype(float))
    to_from_number = np.linalg.inv(poses[to // 5]) @ poses[number // 5]
    points = points @ to_from_number[:3, :3].T + to_from_number[:3, 3]
    points = points[points[:, 2] > 0.1]
    x, y = np.floor(scene.lens.project(points)).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < scene.lens.width) & (y < scene.lens.height)
    nearest = np.full(scene.depth.shape, np.inf)
    np.minimum.at(nearest, (y[inside], x[inside]), points[inside, 2])
    return nearest
