"""The meshes of a shot: its frames, and what hangs behind them for engines that have no weights to imagine it with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ex4d.array_types import Bool, Float32, Float64, UInt8
from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.mesh_profile import PROFILES, MeshProfile
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.footage import Footage, SourceFrame
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.background_layer import build_background
from ex4d.reconstruction.clean_plate import CleanPlate, gather_plate
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.rasterizer import Rasterizer, RenderedFrame

PLATE_FRAMES = 24
"""Frames that a clean plate is gathered from: a subject that crosses the picture leaves each place in most of them."""
PLATE_SECONDS = Fraction(5)
"""How far before and after a shot a clean plate looks."""

Colour = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Backdrop:
    """What is behind a shot's frames: a clean plate where the source's camera stands still, and a guess behind that."""

    plate: CleanPlate | None
    """None where the source's camera moves."""
    plate_mesh: WatertightMesh | None
    """The plate in the light of the frame before which it hangs."""
    guess: WatertightMesh | None
    """None until it is made from a frame, where there is no plate to make it from."""

    @classmethod
    def of_shot(cls, footage: Footage, path: CameraPath) -> Backdrop:
        """Gather the clean plate of a shot, if its source's camera stands still."""
        times = plate_times(footage, path)
        plate = gather_plate((frame.colour, frame.depth, frame.known) for frame in footage.frames(times))
        if plate is None:
            return cls(None, None, None)
        depth = fill_unknown(plate.depth, plate.known)
        guess = build_background(plate.colour, depth, footage.grid_lens, known=plate.known)
        return cls(plate, frame_mesh(plate.colour, depth, footage), guess)

    def behind(self, source: SourceFrame, footage: Footage) -> Backdrop:
        """Return the backdrop of one source frame: the plate's in its light, or a guess from this frame alone."""
        if self.plate is not None and self.plate_mesh is not None:
            lit = self.plate.in_light_of(source.colour, source.depth, source.known)
            return replace(self, plate_mesh=replace(self.plate_mesh, colour=_ringed(lit)))
        return replace(self, guess=build_background(source.colour, source.depth, footage.grid_lens, known=source.known))

    def seen_from(self, pose: Float64[np.ndarray, "4 4"], lens: Pinhole, rasterizer: Rasterizer) -> Colour:
        """Return what the camera sees of the backdrop, black where it hangs nowhere."""
        return _laid_behind(
            rasterizer.render(mesh, pose, lens) for mesh in (self.plate_mesh, self.guess) if mesh is not None
        )


def _laid_behind(layers: Iterable[RenderedFrame]) -> Colour:
    """Lay each layer behind the ones before; what is seen is at least (1, 1, 1), so that black means not hit."""
    nearest, *others = layers
    laid, hit = nearest.colour, nearest.visible
    for layer in others:
        laid = np.where(hit[..., None], laid, layer.colour)
        hit = hit | layer.visible
    lit: Colour = np.maximum(laid, np.uint8(1)) * hit[..., None]
    return lit


def plate_times(footage: Footage, path: CameraPath) -> list[Fraction]:
    """Return the moments of the source from which a shot's clean plate is gathered, evenly spread.

    They lie near what the shot shows: of parts that are far apart in the source, nothing between is looked at.
    """
    near = _near(footage, sorted(set(path.source_time)))
    count = min(PLATE_FRAMES, len(near))
    chosen = sorted({near[round(k * (len(near) - 1) / max(1, count - 1))] for k in range(count)})
    return [footage.clip.frame_times[index] for index in chosen]


def _near(footage: Footage, moments: Sequence[Fraction]) -> list[int]:
    """Return the frames of the source that are on screen within PLATE_SECONDS of some moments, which rise."""
    near: list[int] = []
    for moment in moments:
        start = footage.index_at(max(Fraction(0), moment - PLATE_SECONDS))
        stop = footage.index_at(moment + PLATE_SECONDS)
        near += range(max(start, near[-1] + 1 if near else 0), stop + 1)
    return near


def frame_mesh(
    colour: Colour,
    depth: Float32[np.ndarray, "height width"],
    footage: Footage,
    profile: MeshProfile = PROFILES["clean"],
    known: Bool[np.ndarray, "height width"] | None = None,
) -> WatertightMesh:
    """Build the mesh of a frame; its border lies at one depth all through the clip.

    Where the profile has a ring, one of a pixel is put round the frame for the border to take.
    """
    lens = footage.grid_lens
    if profile.border_depth is None:
        profile = replace(profile, border_depth=footage.border_depth)
    if not profile.ring:
        return build_mesh(colour, depth, lens, profile=profile, known=known)
    center = (lens.center_px[0] + 1, lens.center_px[1] + 1)
    ringed = Pinhole(lens.width + 2, lens.height + 2, lens.focal_px, center)
    wider = np.pad(depth, 1, mode="edge")
    surely = None if known is None else np.pad(known, 1, mode="edge")
    return build_mesh(_ringed(colour), wider, ringed, profile=profile, known=surely)


def _ringed(colour: Colour) -> UInt8[np.ndarray, "rows columns 3"]:
    return np.pad(colour, ((1, 1), (1, 1), (0, 0)), mode="edge")
