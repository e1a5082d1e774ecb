"""Faults of the file as a whole."""

from __future__ import annotations

from tests.shotlist.reading import film, one_shot

LIST = "ex4d: 1\nsource: {video: a.mp4}\n"
SHOT = "  - {name: a, clip: 0s..1.6s}\n"

CASES = {
    "a file that is not there": {"other.yaml": ""},
    "a folder in its place": {"film.yaml/a": ""},
    "no version": f"source: {{video: a.mp4}}\nshots:\n{SHOT}",
    "another version": f"ex4d: 2\nsource: {{video: a.mp4}}\nshots:\n{SHOT}",
    "a training file": "ex4d-train: 1\nclips: {videos: clips}\noutput: out\n",
    "a misspelt key": f"ex4d: 1\ntitel: x\nsource: {{video: a.mp4}}\nshots:\n{SHOT}",
    "a key that is like no other": f"ex4d: 1\nzzz: x\nsource: {{video: a.mp4}}\nshots:\n{SHOT}",
    "no shots": "ex4d: 1\nsource: {video: a.mp4}\n",
    "an empty list of shots": "ex4d: 1\nsource: {video: a.mp4}\nshots: []\n",
    "a shot that is a word": film("  - a\n"),
    "too many shots": film("".join(f"  - name: s{index}\n" for index in range(1001))),
    "no source": "ex4d: 1\nshots:\n  - name: a\n",
    "a source without a video": "ex4d: 1\nsource: {lens: 35mm}\nshots:\n  - name: a\n",
    "a title that is a list": f"ex4d: 1\ntitle: [a]\nsource: {{video: a.mp4}}\nshots:\n{SHOT}",
    "sound and an end that are none": f"{LIST}audio: loud\nend: dissolve 0.5s\nshots:\n{SHOT}",
    "a colon without a space in braces": film("  - {name: a, clip:0s..1s}\n"),
    "a colon without a space in a list": one_shot("- pan:20deg"),
    "a colon without a space in an item of its own": one_shot("- {at:50%}"),
    "a colon without a space in a spline's key": one_shot(
        "- spline: {keys: [{at:0%}, {at: 100%, position: [1x, 0x, 0x]}]}"
    ),
    "the direction of another move": one_shot("- roll: {left: 4deg}\n- truck: {up: 3%}"),
    "a key twice": film("  - name: a\n    name: b\n"),
    "everything at once": film("  - {name: a b, clip: 1s..1s, camera: [{pan: 3}, {obrit: 1}], transition: wipe}\n"),
}
