"""Faults of what is made of it."""

from __future__ import annotations

from tests.shotlist.reading import film

SHOT = "  - {name: a, clip: 0s..1.6s}\n"


def _output(text: str) -> str:
    return f"ex4d: 1\nsource: {{video: a.mp4}}\noutput: {text}\nshots:\n{SHOT}"


CASES = {
    "an output in another folder": _output("{file: ../a.mp4}"),
    "an output that is a list": _output("{file: [a.mp4]}"),
    "an output of another kind": _output("{file: a.avi}"),
    "an odd size": _output("{size: 513x512}"),
    "a size that is none": _output("{size: 512}"),
    "a size too large": _output("{size: 99999x512}"),
    "a misspelt fit": _output("{fit: crob}"),
    "an overscan too large": _output("{overscan: 60%}"),
    "an output that is a word": _output("a.mp4"),
    "an unknown engine": film("  - {name: a, synthesis: {engine: magic}}\n"),
    "a seed below 0": film("  - {name: a, synthesis: {seed: -1}}\n"),
    "an erosion in another unit": film("  - {name: a, synthesis: {erode: 5px}}\n"),
    "an erosion of too much": film("  - {name: a, synthesis: {erode: 500}}\n"),
}
