"""Faults of how shots meet."""

from __future__ import annotations

from tests.shotlist.reading import film

SHOT = "  - {name: a, clip: 0s..1.6s}\n"

CASES = {
    "a dissolve longer than the shot": film(f"{SHOT}  - {{name: fly, clip: 0s..1.6s, transition: dissolve 2s}}\n"),
    "dissolves that meet": film(
        "".join(
            f"  - {{name: {name}, clip: 0s..1s, transition: {way}}}\n"
            for name, way in (("a", "cut"), ("b", "dissolve 0.5s"), ("c", "dissolve 0.5s"))
        )
    ),
    "a wipe longer than the shot before": film(f"{SHOT}  - {{name: b, clip: 0s..3s, transition: wipe up 2s}}\n"),
    "a fade of which half is too much": film(f"{SHOT}  - {{name: b, clip: 0s..1s, transition: fade 2.5s}}\n"),
    "a fade that meets the end": film("  - {name: a, clip: 0s..1s, transition: dip-white 0.75s}\n")
    + "end: fade 0.5s\n",
    "an end longer than the last shot": film(SHOT) + "end: fade 2s\n",
    "transitions of a shot of one frame": film(
        "  - {name: a, clip: 0s..0.04s}\n  - {name: b, transition: wipe left 0.1s}\n"
    ),
    "a dissolve into the first shot": film("  - {name: a, transition: dissolve 1s}\n"),
    "a wipe without a direction": film(f"{SHOT}  - {{name: b, transition: wipe 0.4s}}\n"),
    "a wipe without a duration": film(f"{SHOT}  - {{name: b, transition: wipe left}}\n"),
    "a wipe to somewhere": film(f"{SHOT}  - {{name: b, transition: wipe lfet 0.4s}}\n"),
    "a dissolve of no time": film(f"{SHOT}  - {{name: b, transition: dissolve}}\n"),
    "a transition of nothing": film(f"{SHOT}  - name: b\n    transition:\n"),
    "a misspelt transition": film(f"{SHOT}  - {{name: b, transition: disolve 1s}}\n"),
    "a dissolve of zero": film(f"{SHOT}  - {{name: b, transition: dissolve 0s}}\n"),
}
