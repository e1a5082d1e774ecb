"""Surfaces as files that other programs open: PLY and glTF. The same surface gives the same bytes.

PLY keeps the source's camera axes, its colours as they are, and a property ``hidden`` (0 or 1) of each face. GLB has
glTF's axes (y up, looking along -z), linear colours, the hidden faces as a part of their own, dark, and the source's
camera. Both keep the depth's unit as it is.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np

from ex4d.array_types import Shaped, UInt16
from ex4d.artifacts.surface import Surface
from ex4d.errors import OutputError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.atomic import replacing

ROWS_AT_ONCE = 1 << 16
"""Vertices or faces that are converted and written at once."""
LARGEST_GLB = 2**32 - 1
"""Bytes: its header counts them in 32 bits."""
DARK = 0.02
"""Linear grey of hidden faces: not black, so that a viewer's black background stands off."""
NEAR_SHARE = 0.01
"""Of the nearest vertex's distance: where the exported camera begins to see."""
FAR_SHARE = 2.0
"""Of the farthest vertex's distance: where it ends."""

_FLOAT, _UNSIGNED_SHORT, _UNSIGNED_INT = 5126, 5123, 5125
_VERTEX_BUFFER, _INDEX_BUFFER = 34962, 34963
_GLTF_FROM_CAMERA = np.array([1.0, -1.0, -1.0], np.float32)
_PLY_VERTEX = np.dtype([("position", "<f4", 3), ("colour", "u1", 3)])
_PLY_FACE = np.dtype([("count", "u1"), ("vertices", "<i4", 3), ("hidden", "u1")])


def save_surface(surface: Surface, file: Path) -> None:
    """Write a surface as its file's name says, .ply or .glb; it is there whole or not at all.

    Raises:
        OutputError: another suffix, a place that cannot be written, or more than the format holds.
    """
    save = SAVERS.get(file.suffix.lower())
    if save is None:
        raise OutputError(f"{file} ends in neither {' nor '.join(SAVERS)}, which is what is written")
    save(surface, file)


def save_ply(surface: Surface, file: Path) -> None:
    """Write a binary little-endian PLY, its faces with a property ``hidden``.

    Raises:
        OutputError: the place cannot be written.
    """
    with replacing(file) as partial, partial.open("wb") as stream:
        stream.write(_ply_header(surface))
        for part in _pieces(len(surface.vertices)):
            vertices = np.empty(part.stop - part.start, _PLY_VERTEX)
            vertices["position"], vertices["colour"] = surface.vertices[part], surface.colour[part]
            _write(stream, vertices)
        for part in _pieces(len(surface.faces)):
            faces = np.empty(part.stop - part.start, _PLY_FACE)
            faces["count"], faces["vertices"], faces["hidden"] = 3, surface.faces[part], surface.hidden[part]
            _write(stream, faces)


def save_glb(surface: Surface, file: Path) -> None:
    """Write a binary glTF 2.0 of one mesh, in a part that the source showed and a hidden one, and the source's camera.

    glTF's cameras are centred: where the lens is not, the camera has its angle only, and the principal point stands in
    its ``extras``, as the focal length does.

    Raises:
        OutputError: the place cannot be written, or the file would have more than 4 GiB.
    """
    parts = {name: hidden for name, hidden in (("seen", False), ("hidden", True)) if (surface.hidden == hidden).any()}
    lengths = [12 * len(surface.vertices), 8 * len(surface.vertices)]
    lengths += [12 * int((surface.hidden == hidden).sum()) for hidden in parts.values()]
    text = json.dumps(_gltf(surface, tuple(parts), lengths), separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + sum(lengths)
    if total > LARGEST_GLB:
        raise OutputError(f"{file} would have {total} bytes, and GLB holds {LARGEST_GLB}; write a .ply, or less of it")
    with replacing(file) as partial, partial.open("wb") as stream:
        stream.write(struct.pack("<4sII", b"glTF", 2, total))
        stream.write(struct.pack("<I4s", len(text), b"JSON") + text)
        stream.write(struct.pack("<I4s", sum(lengths), b"BIN\0"))
        for part in _pieces(len(surface.vertices)):
            _write(stream, (surface.vertices[part] * _GLTF_FROM_CAMERA).astype("<f4"))
        levels = _linear_levels()
        for part in _pieces(len(surface.vertices)):
            _write(stream, _with_alpha(levels[surface.colour[part]]))
        for hidden in parts.values():
            for part in _pieces(len(surface.faces)):
                _write(stream, surface.faces[part][surface.hidden[part] == hidden].astype("<u4"))


SAVERS: Mapping[str, Callable[[Surface, Path], None]] = MappingProxyType({".ply": save_ply, ".glb": save_glb})
"""By suffix."""


def _pieces(count: int) -> Iterator[slice]:
    """Yield slices of so many rows: memory stays that of one."""
    return (slice(start, min(start + ROWS_AT_ONCE, count)) for start in range(0, count, ROWS_AT_ONCE))


def _write(stream: IO[bytes], rows: Shaped[np.ndarray, " rows *columns"]) -> None:
    stream.write(np.ascontiguousarray(rows).data)


def _ply_header(surface: Surface) -> bytes:
    lens = surface.lens
    focal_px, center_px = float(lens.focal_px), tuple(map(float, lens.center_px))
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        "comment x right, y down, z forward; the camera that filmed it is at the origin, in the depth's unit",
        f"comment lens {lens.width} x {lens.height} px, focal {focal_px!r} px, centre {center_px!r}",
        f"element vertex {len(surface.vertices)}",
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {channel}" for channel in ("red", "green", "blue")),
        f"element face {len(surface.faces)}",
        "property list uchar int vertex_indices",
        "property uchar hidden",
        "end_header",
    ]
    return "\n".join([*lines, ""]).encode("ascii")


def _linear_levels() -> UInt16[np.ndarray, "256"]:
    """Return the linear level, of 65535, of each level of sRGB (IEC 61966-2-1)."""
    encoded = np.arange(256) / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return np.rint(linear * 65535.0).astype(np.uint16)


def _with_alpha(colour: UInt16[np.ndarray, "rows 3"]) -> UInt16[np.ndarray, "rows 4"]:
    """Return colours of 8 bytes: glTF wants each vertex to begin at a multiple of 4."""
    rgba = np.full((len(colour), 4), 65535, "<u2")
    rgba[:, :3] = colour
    return rgba


def _gltf(surface: Surface, parts: tuple[str, ...], lengths: list[int]) -> dict[str, Any]:
    """Describe the buffer: positions, colours, then the indices of each part."""
    starts = [0, *accumulate(lengths)]
    targets = [_VERTEX_BUFFER] * 2 + [_INDEX_BUFFER] * len(parts)
    views = zip(starts, lengths, targets, strict=False)
    return {
        "asset": {"version": "2.0", "generator": "ex4d"},
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"nodes": [0, 1]}],
        "nodes": [{"name": "DW-Mesh", "mesh": 0}, {"name": "source camera", "camera": 0}],
        "meshes": [{"name": "DW-Mesh", "primitives": [_primitive(k, name) for k, name in enumerate(parts)]}],
        "materials": [_unlit("seen", 1.0), _unlit("hidden", DARK)],
        "cameras": [_camera(surface)],
        "accessors": [
            _accessor(0, _FLOAT, "VEC3", len(surface.vertices)) | _extent(surface),
            _accessor(1, _UNSIGNED_SHORT, "VEC4", len(surface.vertices)) | {"normalized": True},
            *(_accessor(2 + k, _UNSIGNED_INT, "SCALAR", lengths[2 + k] // 4) for k in range(len(parts))),
        ],
        "bufferViews": [{"buffer": 0, "byteOffset": a, "byteLength": b, "target": c} for a, b, c in views],
        "buffers": [{"byteLength": starts[-1]}],
    }


def _accessor(view: int, component: int, kind: str, count: int) -> dict[str, Any]:
    return {"bufferView": view, "componentType": component, "type": kind, "count": count}


def _extent(surface: Surface) -> dict[str, Any]:
    """Return the box of the positions, as float32 has it."""
    corners = np.stack([surface.vertices.min(axis=0), surface.vertices.max(axis=0)]) * _GLTF_FROM_CAMERA
    return {"min": corners.min(axis=0).tolist(), "max": corners.max(axis=0).tolist()}


def _primitive(number: int, name: str) -> dict[str, Any]:
    """Both parts share the vertices; colours would tint the dark material, so the hidden one goes without."""
    attributes = {"POSITION": 0, "COLOR_0": 1} if name == "seen" else {"POSITION": 0}
    return {"attributes": attributes, "indices": 2 + number, "material": 0 if name == "seen" else 1, "mode": 4}


def _unlit(name: str, grey: float) -> dict[str, Any]:
    """Return a material without light, seen from both sides, as the renderer sees it."""
    surface = {"baseColorFactor": [grey, grey, grey, 1.0], "metallicFactor": 0.0, "roughnessFactor": 1.0}
    extensions: dict[str, Any] = {"KHR_materials_unlit": {}}
    return {"name": name, "pbrMetallicRoughness": surface, "extensions": extensions, "doubleSided": True}


def _camera(surface: Surface) -> dict[str, Any]:
    lens, depth = surface.lens, surface.vertices[:, 2]
    perspective = {
        "yfov": _vertical_angle(lens),
        "aspectRatio": lens.width / lens.height,
        "znear": float(depth.min()) * NEAR_SHARE,
        "zfar": float(depth.max()) * FAR_SHARE,
    }
    exactly = {"size_px": [lens.width, lens.height], "focal_px": lens.focal_px, "center_px": list(lens.center_px)}
    return {"name": "source", "type": "perspective", "perspective": perspective, "extras": exactly}


def _vertical_angle(lens: Pinhole) -> float:
    """Return the angle of view of a centred lens of this focal length, radians."""
    return 2.0 * math.atan(0.5 * lens.height / lens.focal_px)
