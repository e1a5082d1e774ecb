"""Depth made ready for the grid that is drawn: enlarged with the colour at hand, its edges clean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.artifacts.depth_video import DepthVideo
from ex4d.media.fitting import Fit
from ex4d.media.probe import MediaInfo
from ex4d.media.reading import read_frames
from ex4d.reconstruction.edge_sharpening import sharpen
from ex4d.reconstruction.guided_upsampling import colour_of_depth, upsample_guided
from ex4d.shotlist.depth import DepthFile, DepthModel, Upsampling

Picture = UInt8[np.ndarray, "grid_height grid_width 3"]
Depth = Float32[np.ndarray, "grid_height grid_width"]
Known = Bool[np.ndarray, "grid_height grid_width"]


@dataclass(frozen=True)
class Refinement:
    """What is done to the depth of each frame before it becomes a mesh."""

    upsample: Upsampling = "surfaces"
    sharpen: bool = False

    @classmethod
    def of(cls, asked: DepthFile | DepthModel) -> Refinement:
        """Return what a user asks for; else a model's depth is sharpened, and enlarged by the colour; a file's is not.

        docs/depth.md has the figures: what a network saw has the picture's own edges, softened; true depth only loses.
        """
        estimated = isinstance(asked, DepthModel)
        way: Upsampling = "guided" if estimated else "surfaces"
        return cls(asked.upsample or way, estimated if asked.sharpen is None else asked.sharpen)

    def refined(
        self,
        depth: Float32[np.ndarray, "height width"],
        known: Bool[np.ndarray, "height width"],
        colour: Picture,
        fit: Fit,
        step: float,
    ) -> tuple[Depth, Known]:
        """Return depth on the grid, and where it is known.

        Args:
            depth: of the whole picture, in its own pixels.
            known: of these.
            colour: on the grid.
            fit: from the source to the grid.
            step: how many times as far as its neighbour a pixel of ``depth`` may be on one surface.
        """
        scale, origin = fit.placed((depth.shape[1], depth.shape[0]))
        if max(scale) <= 1:
            drawn, seen = fit.depth(depth, known, step)
            return (sharpen(drawn, seen, colour) if self.sharpen else drawn), seen
        if self.sharpen:  # before it is enlarged, as edges are then as few pixels wide as they ever are
            coarse, covered = colour_of_depth(depth.shape, colour, scale, origin)
            depth = sharpen(depth, known & covered, coarse)
        if self.upsample == "guided":
            return upsample_guided(depth, known, colour, scale, origin, step)
        return fit.depth(depth, known, step)


AS_IT_IS = Refinement()


def refined_frames(
    refinement: Refinement, clip: MediaInfo, depth: DepthVideo, fit: Fit, step: float, indices: Sequence[int]
) -> Iterator[tuple[Picture, Depth, Known]]:
    """Yield colour, depth and what is known of it, on the grid; growing numbers are one pass over both.

    Args:
        refinement: what is done to the depth.
        clip: the video.
        depth: its depth.
        fit: from the video to the grid.
        step: how many times as far as its neighbour a pixel of ``depth`` may be on one surface.
        indices: which frames.
    """
    colours = read_frames(clip, indices, window=fit)
    for colour, (values, known) in zip(colours, depth.frames(indices), strict=True):
        yield (colour, *refinement.refined(values, known, colour, fit, step))
