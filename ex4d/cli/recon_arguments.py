"""The options of ``ex4d recon``, by group: what was filmed, how its mesh is made, what is written."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args

from ex4d.artifacts.mesh_profile import (
    BOUNDARY_STEEPNESS,
    MIN_ANGLE_DEG,
    MOST_SAMPLES,
    PROFILES,
    ProfileName,
    UnknownRule,
)
from ex4d.artifacts.watertight_mesh import HidingRule, PixelOrigin
from ex4d.cli.composed import lens_as_written, one_of, panel, read_as
from ex4d.errors import Faults, UserError
from ex4d.media.fitting import FitRule
from ex4d.recon.job import MeshFormat
from ex4d.render.choice import RasterizerName
from ex4d.shotlist.film_format import Rate, Size

FILTERS: dict[str, dict[str, float | None]] = {
    "": {},
    "angle": {"min_angle_deg": MIN_ANGLE_DEG, "steepness": None},
    "boundary": {"min_angle_deg": None, "steepness": BOUNDARY_STEEPNESS},
}
"""The released code's two tests of faces, by its names."""
FARTHEST_BORDER = 1e30
"""Units of depth: a mesh has its places in float32, off the axis several times as far."""


_filmed, _mesh, _written = panel("What was filmed"), panel("How the mesh is made"), panel("What is written")


def footage_options(
    video: Annotated[Path | None, _filmed("The video; only --shot can do without.", metavar="VIDEO|IMAGES")] = None,
    fps: Annotated[str | None, _filmed("Frames a second, of images; else the video's own.", metavar="RATE")] = None,
    lens: Annotated[
        str | None,
        _filmed(
            "Through which it was filmed: 54deg across, 35mm, 500px, or auto: what its depth or the video says. Else "
            "what the camera file says, or the shot of its own video; for the reference profile 500px of what is "
            "written; else as auto, and 54deg where neither says it.",
            metavar="LENS",
        ),
    ] = None,
) -> dict[str, Any]:
    """Return what was filmed.

    Raises:
        UserError: all that means nothing.
    """
    faults = Faults()
    rate = faults.of(lambda: read_as("--fps", Rate, fps))
    spec = faults.of(lambda: lens_as_written(lens))
    faults.tell()
    return {"video": video, "frame_rate": rate, "lens": spec}


def mesh_options(
    profile: Annotated[
        str,
        _mesh(
            "clean, or reference: all as EX-4D's released code does it. The rest changes one thing of it.",
            metavar="NAME",
        ),
    ] = "clean",
    hide: Annotated[
        str | None,
        _mesh("What a face across a depth edge hides: itself (face), or its corners too (vertex).", metavar="RULE"),
    ] = None,
    face_filter: Annotated[
        str | None,
        _mesh("Find such faces by their smallest angle, or by their slope: angle, boundary.", metavar="NAME"),
    ] = None,
    min_angle: Annotated[
        str | None, _mesh("The smallest angle that a face may have and show, degrees, or none.", metavar="DEG")
    ] = None,
    depth_ratio: Annotated[
        str | None, _mesh("How many times as far as its nearest corner its farthest may be, or none.", metavar="N")
    ] = None,
    depth_share: Annotated[
        str | None, _mesh("What share of the frame's range of depth it may span, or none.", metavar="N")
    ] = None,
    border: Annotated[
        float | None,
        _mesh("How far the edge of the mesh is put, units of depth; else far behind all.", metavar="DEPTH"),
    ] = None,
    unknown: Annotated[
        str | None, _mesh("Unknown depth is continued from around it, or shows nothing: fill, hide.", metavar="RULE")
    ] = None,
    pixel_origin: Annotated[
        str | None, _mesh("Where in a pixel its ray passes: center, or corner, half a pixel off.", metavar="PLACE")
    ] = None,
    samples: Annotated[
        int | None, _mesh(f"A side, that decide what a pixel shows: odd, from 1 to {MOST_SAMPLES}.", metavar="N")
    ] = None,
    rasterizer: Annotated[
        str, _mesh("cpu, or nvdiffrast on an NVIDIA card, for non-commercial use.", metavar="NAME")
    ] = "cpu",
) -> dict[str, Any]:
    """Return how the mesh is made and drawn.

    Raises:
        UserError: all that means nothing.
    """
    faults = Faults()
    name = faults.of(lambda: one_of("--profile", profile, get_args(ProfileName)))
    stated: dict[str, Any] = {"border_depth": faults.of(lambda: _border(border)), "samples": samples}
    stated["rule"] = faults.of(lambda: one_of("--hide", hide, get_args(HidingRule)))
    stated["unknown"] = faults.of(lambda: one_of("--unknown", unknown, get_args(UnknownRule)))
    stated["pixel_origin"] = faults.of(lambda: one_of("--pixel-origin", pixel_origin, get_args(PixelOrigin)))
    changes = {field: value for field, value in stated.items() if value is not None}
    changes |= faults.of(lambda: FILTERS[one_of("--face-filter", face_filter, tuple(FILTERS)[1:]) or ""]) or {}
    tests = {"min_angle_deg": ("--min-angle", min_angle), "depth_ratio": ("--depth-ratio", depth_ratio),
             "depth_share": ("--depth-share", depth_share)}  # fmt: skip
    for field, (option, written) in tests.items():
        if written is not None:
            changes[field] = faults.of(partial(_number_or_none, option, written))
    drawn_by = faults.of(lambda: one_of("--rasterizer", rasterizer, get_args(RasterizerName)))
    made = faults.of(lambda: replace(PROFILES[name or "clean"], **changes))
    faults.tell()
    return {"profile_name": name, "profile": made, "rasterizer": drawn_by}


def output_options(
    out: Annotated[Path, _written("The folder that everything goes to.", "--out", "-o", metavar="DIR")],
    size: Annotated[str | None, _written("Width x height, even; else the source's own.", metavar="WxH")] = None,
    fit: Annotated[str, _written("How the source fills that size: crop, pad or squash.", metavar="RULE")] = "crop",
    frames: Annotated[
        int | None, _written("Only so many frames, from the first; EX-4D's own takes 49.", metavar="N")
    ] = None,
    lossless: Annotated[bool, _written("Colour exactly, as FFV1 in color_CAM.mkv.", "--lossless")] = False,
    save_camera: Annotated[bool, _written("The cameras too, as camera_CAM.npz.", "--save-camera")] = False,
    save_mesh: Annotated[bool, _written("The first frame's mesh too, as DW-Mesh.ply.", "--save-mesh")] = False,
    mesh_frames: Annotated[
        str | None, _written("Whose meshes --save-mesh writes: all, or their numbers, as 0,12,24.", metavar="FRAMES")
    ] = None,
    mesh_format: Annotated[str | None, _written("Of the meshes: ply or glb.", metavar="NAME")] = None,
) -> dict[str, Any]:
    """Return what is written, and where.

    Raises:
        UserError: all that means nothing.
    """
    faults = Faults()
    by, rule = (
        faults.of(lambda: read_as("--size", Size, size)),
        faults.of(lambda: one_of("--fit", fit, get_args(FitRule))),
    )
    kind = faults.of(lambda: one_of("--mesh-format", mesh_format, get_args(MeshFormat)))
    meshes = faults.of(lambda: _frame_numbers(mesh_frames))
    if not save_mesh and (mesh_frames is not None or mesh_format is not None):
        faults.found.append(UserError("--mesh-frames and --mesh-format belong to --save-mesh, which is not given"))
    faults.tell()
    return {
        **{"out": out, "size": by, "fit": rule, "frame_count": frames, "lossless": lossless},
        **{"save_camera": save_camera, "mesh_frames": meshes if save_mesh else (), "mesh_format": kind or "ply"},
    }


def _border(depth: float | None) -> float | None:
    if depth is not None and not 0 < depth <= FARTHEST_BORDER:
        raise UserError(f"--border {depth:g}: write how far it lies, above 0 and at most {FARTHEST_BORDER:g}")
    return depth


def _number_or_none(option: str, written: str) -> float | None:
    try:
        return None if written == "none" else float(written)
    except ValueError as cause:
        raise UserError(f"{option} {written}: write a number, or none") from cause


def _frame_numbers(written: str | None) -> Any:
    if written in (None, "all"):
        return written or (0,)
    parts = str(written).split(",")
    if not all(re.fullmatch(r"[0-9]{1,6}", part) for part in parts):
        raise UserError(f"--mesh-frames {written}: write all, or the numbers of frames, as 0,12,24")
    return tuple(map(int, parts))
