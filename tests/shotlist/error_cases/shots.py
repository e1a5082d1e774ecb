"""Faults of shots and what plays."""

from __future__ import annotations

from tests.shotlist.reading import film

CASES = {
    "a name with a space": film("  - name: a b\n"),
    "names that differ in case": film("  - name: swing\n  - name: Swing\n"),
    "a shot without a name": film("  - clip: 0s..1s\n"),
    "an empty clip": film("  - {name: a, clip: 1s..1s}\n"),
    "a clip in percent": film("  - {name: a, clip: 30%..60%}\n"),
    "a clip that is no range": film("  - {name: a, clip: 3s}\n"),
    "half a frame": film("  - {name: a, clip: 0f..1.5f}\n"),
    "a clip before the beginning": film("  - {name: a, clip: -1s..1s}\n"),
    "a clip without end in sight": film("  - {name: a, clip: 0s..999999999s}\n"),
    "time that is none": film("  - {name: a, time: [], frames: 49f, boomerang: yes, blend: 1}\n"),
    "time beside a clip": film("  - {name: a, clip: 0s..1s, time: [{play: 0s..1s}]}\n"),
    "parts that are none": film(
        "  - {name: a, time: [{paly: 0s..1s}, {play: 0s..1s, freeze: 1s}, {play: 0s..1s, speed: 50%}]}\n"
    ),
    "speeds that are none": film(
        "  - {name: a, time: [{play: 0s..1s, speed: 0}, {play: 0s..1s, speed: -1}, {play: 0s..1s, speed: 1..}]}\n"
    ),
    "speeds out of range": film("  - {name: a, time: [{play: 0s..1s, speed: 1000}, {play: 0s..1s, speed: [1]}]}\n"),
    "too many parts": film(f"  - {{name: a, time: [{'{freeze: 1s}, ' * 101}]}}\n"),
    "freezes that are none": film("  - {name: a, time: [{freeze: 0s, of: 1s}, {freeze: 12f}]}\n"),
    "a freeze before anything": film("  - {name: a, time: [{freeze: 1s}]}\n"),
    "no frames": film("  - {name: a, frames: 0}\n"),
    "a camera that is a number": film("  - {name: a, camera: 3}\n"),
    "a camera that is one move": film("  - {name: a, camera: {pan: 20deg}}\n"),
}
