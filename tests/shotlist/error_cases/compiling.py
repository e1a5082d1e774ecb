"""Shots that are well written and that no camera can do."""

from __future__ import annotations

import json

from tests.shotlist.reading import film, one_shot


def _checked(text: str, **others: str) -> dict[str, str | bytes]:
    return {"film.yaml": text, "media/a.mp4": "", **others}


def _moves(items: str, lens: str = "auto", **others: str) -> dict[str, str | bytes]:
    text = one_shot(items)
    return _checked(text.replace("a.mp4}", f"a.mp4, lens: {lens}}}"), **others)


STRAIGHT = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
CAMERAS = json.dumps(
    {"ex4d_cameras": 1, "frame_rate": "24", "world_from_camera": [STRAIGHT] * 2, "lens_factor": [1, 2]}
)
"""A camera file whose lens changes."""
CASES = {
    "a look straight down": _moves("- dolly: 100%\n- look-at: subject"),
    "a lens of a path that vanishes": _moves("- path: {lens: 1 - s}"),
    "a formula without a value": _moves("- path: {right: 1 / s}\n- pan: 20deg"),
    "a dolly-zoom through the subject": _moves("- dolly-zoom: 99%"),
    "a dolly-zoom with the subject behind": _moves("- pan: 170deg\n  at: 0%..20%\n- dolly-zoom: 20%\n  at: 40%..100%"),
    "cameras without a unit": _moves("- file: cams.txt", **{"cams.txt": "0 0 0 0 0 0 0 1\n1 0 0 1 0 0 0 1\n"}),
    "cameras that are none": _moves("- file: {file: cams.json, scale: 40%}", **{"cams.json": "{"}),
    "cameras that are not there": _moves("- file: {file: cams.json, scale: 40%}"),
    "keys that meet": _moves("- spline: {keys: [{at: 0%}, {at: 1s}, {at: 12f}, {at: 100%}]}"),
    "a place behind the first camera": _moves("- look-at: [0%, 0%, -50%]"),
    "less than a frame": _checked(film("  - {name: a, clip: 0s..0.01s}\n")),
    "more frames than there are": _checked(film("  - {name: a, clip: 0s..2s, frames: 49}\n")),
    "more frames than a shot may have": _checked(film("  - {name: a, boomerang: true, clip: 0s..4000s}\n")),
    "a window that needs too long a source": _checked(film("  - {name: a, camera: [{pan: 1deg, at: 0s..5000s}]}\n")),
    "a range that is empty in frames": _checked(film("  - {name: a, source: {fps: 24}, clip: 24f..1s}\n")),
    "a window that ends too early": _moves("- pan: 20deg\n  at: 40f..1s"),
    "a window outside the shot": _moves("- pan: 20deg\n  at: 1s..3s\n- tilt: 3deg\n  at: 0f..60f"),
    "a zoom between lenses beside the lenses of a file": _moves(
        "- file: cams.json\n- zoom: 35mm..70mm", **{"cams.json": CAMERAS}
    ),
    "a zoom in pixels": _moves("- zoom: ..700px"),
    "a zoom beyond all lenses": _moves("- zoom: 40x", lens="54deg"),
    "a depth model that is none": _checked(
        film("  - {name: a, source: {depth: {model: depthcraftre}}}\n"),
    ),
    "faults of two shots": _checked(
        film("  - {name: a, clip: 0s..1s, frames: 49}\n  - {name: b, clip: 0s..1s, camera: [{dolly-zoom: 99%}]}\n")
    ),
}
