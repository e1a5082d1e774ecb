"""The shipped training file broken, and hostile files, put through the loader: what it says, touches and takes.

``python -m tests.training.config.mutant_runs SEED COUNT`` prints what became of so many as JSON. It is a program of its
own, without the checks of arrays that tests run under, for the hook that hears what is touched can never be taken out.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from ex4d.errors import ShotFileError
from ex4d.shotlist.shipped import shipped
from ex4d.training.config.load import load, parse
from tests.shotlist.document_trees import read
from tests.shotlist.mutant_runs import watched
from tests.shotlist.mutations import Mutator
from tests.training.config.files import with_cameras

SHIPPED = shipped("shots") / "training" / "adapter.yaml"
SLOWEST_S = 3.0
"""Processor time that a file may take."""
HOSTILE = (
    with_cameras(*["camera: [{dolly-zoom: 120%}, {orbit: {up: 10deg to 80deg}}]"] * 10),
    with_cameras(*["camera: [{orbit: {right: 1deg to 999999999999deg}}]"] * 20),
    with_cameras("camera: [{orbit: {right: 0.00000000001deg to 0.00000000002deg}}]"),
    with_cameras("camera: [{pan: " + "1 to " * 5000 + "2deg}]"),
    with_cameras("camera: " + "[" * 45 + "]" * 45),
    with_cameras("shot: " + "#" * 5000),
    with_cameras("shot: /dev/zero#a", "shot: ../.#a", "shot: train.yaml#a"),
    "ex4d-train: 1\n" + "[" * 100_000,
    "ex4d-train: 1\nclips: {videos: /dev/zero, depth: /dev/zero}\noutput: /dev/null\n",
    f"ex4d-train: 1\nclips: {{videos: {'x' * 5000}, depth: {'y' * 5000}}}\noutput: {'z' * 5000}\n",
    'ex4d-train: 1\nclips: {videos: "a\\0b", depth: "c\\0d{name}"}\noutput: "e\\0f"\nmodel: {weights: "g\\0/h"}\n',
)
"""Work without end, files that are none, names that cannot be."""


def mutants(seed: int, count: int) -> Iterator[str]:
    """Yield the shipped file, broken in as many ways."""
    document, scene = (read(file.read_text("utf-8")) for file in (SHIPPED, shipped("shots") / "scene.yaml"))
    mutator = Mutator([document, scene], Random(seed))
    return (mutator.mutant(document) for _ in range(count))


def wrong_with(text: str, file: Path, *, sound: list[str]) -> Iterator[str]:
    """Yield what a file does that none may; ``sound`` takes the text of one that has no faults."""
    begun = time.process_time()
    with watched() as heard:
        try:
            parse(text, file, must_exist=True)
            sound.append(text)
        except ShotFileError as error:
            if not error.faults:
                yield f"no fault is told\n{text}"
        except Exception as error:
            yield f"{error!r}\n{text}"
    yield from (f"{event}\n{text}" for event in heard)
    if (taken := time.process_time() - begun) > SLOWEST_S:
        yield f"{taken:.2f} s\n{text[:1000]}"


def main(seed: int, count: int) -> None:
    """Print what became of ``count`` mutants, and of the hostile files."""
    load(SHIPPED)  # what is read once and kept, is read now
    sound: list[str] = []
    wrong = [each for text in mutants(seed, count) for each in wrong_with(text, SHIPPED, sound=sound)]
    found = {"mutants": count, "sound": len(sound)}
    with tempfile.TemporaryDirectory() as folder:
        wrong += [each for text in HOSTILE for each in wrong_with(text, Path(folder, "train.yaml"), sound=sound)]
    print(json.dumps(found | {"hostile": len(sound) - found["sound"], "wrong": wrong}))  # noqa: T201 - a program


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
