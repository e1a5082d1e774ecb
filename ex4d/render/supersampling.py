"""Sub-pixel edges: render several samples a pixel with any rasterizer, and let them decide together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from ex4d.array_types import Bool, Float64, Int64, Shaped, UInt8, UInt16
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.errors import UserError
from ex4d.geometry.pinhole import Pinhole
from ex4d.render.rasterizer import Rasterizer, RenderedFrame

SAMPLES_AT_ONCE = 1 << 22
"""Larger frames are rendered in bands of rows: the samples of one take some 70 MB, however large the frame."""

Indices = Int64[np.ndarray, "pixels"]


@dataclass(frozen=True)
class Supersampled:
    """Decides each pixel by ``samples`` x ``samples`` samples of another rasterizer, evenly spread over it.

    A pixel is visible where more than half of its samples are: what is thinner than half a pixel neither appears nor
    tears a hole. Where the centre's sample is visible too, the pixel has its colour and depth: so every visible pixel
    at the source camera still equals the source, bit by bit, and nothing is blurred. Elsewhere it has the mean of its
    visible samples, in R'G'B' as the mesh itself is interpolated, and the depth of the nearest of them. A pixel that
    is not visible keeps the depth of its centre.

    Raises:
        UserError: for samples that are not odd: none would lie on the pixel's centre, and no pixel equal the source.
    """

    inner: Rasterizer
    samples: int = 3
    """A side, odd; 1 is the inner rasterizer itself."""

    def __post_init__(self) -> None:
        if self.samples < 1 or self.samples % 2 == 0:
            raise UserError(
                f"samples {self.samples}: write an odd number, as 3; one sample then lies on the pixel's centre, "
                "without which no pixel would equal the source"
            )

    def render(
        self, mesh: WatertightMesh, world_from_camera: Float64[np.ndarray, "4 4"], lens: Pinhole
    ) -> RenderedFrame:
        """Render the mesh from a rigid camera, its translation in the mesh's units of depth.

        Sizes come from ``lens``.
        """
        if self.samples == 1:
            return self.inner.render(mesh, world_from_camera, lens)
        rows = max(1, SAMPLES_AT_ONCE // (self.samples**2 * lens.width))
        bands = (lens_of_samples(lens, self.samples, top, top + rows) for top in range(0, lens.height, rows))
        return _joined([decided(self.inner.render(mesh, world_from_camera, band), self.samples) for band in bands])


def lens_of_samples(lens: Pinhole, samples: int, top: int, bottom: int) -> Pinhole:
    """Return the lens whose pixels are the samples of pixel rows top..bottom, as far as there are any."""
    x, y = lens.center_px
    rows = min(bottom, lens.height) - top
    return Pinhole(lens.width * samples, rows * samples, lens.focal_px * samples, (x * samples, (y - top) * samples))


def _joined(bands: list[RenderedFrame]) -> RenderedFrame:
    return RenderedFrame(
        np.concatenate([band.colour for band in bands]),
        np.concatenate([band.visible for band in bands]),
        np.concatenate([band.depth for band in bands]),
    )


def decided(fine: RenderedFrame, samples: int) -> RenderedFrame:
    """Decide each pixel from its samples: those of a frame rendered ``samples`` (odd) times as large a side."""
    half = samples // 2
    at_center = np.s_[half::samples, half::samples]
    colour, centered, depth = fine.colour[at_center].copy(), fine.visible[at_center], fine.depth[at_center].copy()
    visible = 2 * visible_samples(fine.visible, samples) > samples**2
    colour[~visible] = 0
    rows, columns = np.nonzero(visible & ~centered)
    seen = _samples_of(fine.visible, rows, columns, samples)
    colour[rows, columns] = _mean(_samples_of(fine.colour, rows, columns, samples), seen)
    depth[rows, columns] = np.where(seen, _samples_of(fine.depth, rows, columns, samples), np.inf).min(axis=(1, 2))
    return RenderedFrame(colour, visible, depth)


def visible_samples(visible: Bool[np.ndarray, "rows columns"], samples: int) -> UInt16[np.ndarray, "height width"]:
    """Count the visible samples of each pixel: over ``samples`` squared, how much of it is covered."""
    slices = visible.astype(np.uint16)  # adding slices is 20 times as fast as a reduction over blocks
    by_row = reduce(np.add, [slices[k::samples] for k in range(samples)])
    return reduce(np.add, [by_row[:, k::samples] for k in range(samples)])


def _samples_of(
    fine: Shaped[np.ndarray, "..."], rows: Indices, columns: Indices, samples: int
) -> Shaped[np.ndarray, "pixels samples samples ..."]:
    """Return the samples of some pixels."""
    steps = np.arange(samples)
    return fine[(rows[:, None] * samples + steps)[:, :, None], (columns[:, None] * samples + steps)[:, None, :]]


def _mean(
    colour: UInt8[np.ndarray, "pixels samples samples 3"], seen: Bool[np.ndarray, "pixels samples samples"]
) -> UInt8[np.ndarray, "pixels 3"]:
    """Return the mean colour of each pixel's samples that are seen, at least one each, to the nearest level."""
    count = seen.sum(axis=(1, 2))[:, None]
    total = np.where(seen[..., None], colour, 0).sum(axis=(1, 2))
    return ((total + count // 2) // count).astype(np.uint8)
