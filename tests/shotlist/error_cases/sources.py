"""Faults of what is filmed."""

from __future__ import annotations

SHOT = "  - {name: a, clip: 0s..1.6s}\n"


def _source(line: str) -> str:
    return f"ex4d: 1\nsource:\n  video: a.mp4\n  {line}\nshots:\n{SHOT}"


CASES = {
    "an address as a source": _source("video: http://example.org/a.mp4").replace("  video: a.mp4\n", ""),
    "a protocol as a source": _source('video: "concat:a.mp4|b.mp4"').replace("  video: a.mp4\n", ""),
    "a file address as depth": _source("depth: file:///a.npz"),
    "a switch that is neither": _source("depth: {model: auto, sharpen: yes}"),
    "a side that is too small": _source("depth: {model: auto, longest: 20px}"),
    "a side without a unit": _source("depth: {model: auto, longest: 768}"),
    "half a pixel": _source("depth: {model: auto, longest: 768.5px}"),
    "a window of nothing": _source("depth: {model: auto, window: 0f}"),
    "a window in seconds": _source("depth: {model: auto, window: 2s}"),
    "a way to enlarge that is none": _source("depth: {file: a.npz, upsample: nearest}"),
    "a setting of models for a file": _source("depth: {file: a.npz, window: 60f}"),
    "a video that is a list": _source("video: [a.mp4]").replace("  video: a.mp4\n", ""),
    "a playlist": _source("video: a.m3u8").replace("  video: a.mp4\n", ""),
    "images without a rate": _source("video: frames/*.jpg").replace("  video: a.mp4\n", ""),
    "a lens without a unit": _source("lens: 54"),
    "a lens of no kind": _source("lens: wide"),
    "a lens of no length": _source("lens: 0mm"),
    "a lens too wide": _source("lens: 170deg"),
    "a subject that is no place": _source("subject: middle"),
    "a subject outside the picture": _source("subject: [50%, 160%]"),
    "a subject behind the camera": _source("subject: {depth: -2}"),
    "a centre in no unit": _source("center: [256, 250px]"),
    "a unit of depth that is none": _source("depth: {file: a.npz, unit: feet}"),
    "depth without its file": _source("depth: {unit: mm}"),
    "a camera that looked down without a unit": _source("tilt: 12"),
    "a camera that lay on its side": _source("tilt: {left: 12deg}"),
    "a camera that stood on its head": _source("roll: 270deg"),
    "cameras of the source": _source("cameras: a.json"),
    "a subject at a share": _source("subject_distance: 40%"),
    "a subject at no distance": _source("subject_distance: 0m"),
    "a rate too high": _source("fps: 2000"),
    "a rounded rate": _source("fps: 29.97"),
    "no rate": _source("fps: fast"),
}
