"""How long ``ex4d check`` and compiling take: a whole process on fifty shots, and 10,000 frames of five layered moves.

Run from the checkout: python -m tests.bench.bench_compile [COMMIT]
With a commit, that one is measured beside this one, in turns: other work on the machine slows both.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.shotlist.model import DollyZoom, Handheld, LookAt, Orbit, Pan, Position, Spline, SplineKey, Subject, Truck
from ex4d.trajectory.compiler import compile_shot
from tests.trajectory.shots import item, scene, shot

ROOT = Path(__file__).parents[2]
SHOTS, PROCESSES, BUDGET_S = 50, 5, 0.5
CAMERAS = (
    "[{use: orbit-right@1, with: {angle: 30deg}}, {handheld: {amount: 0.3}}]",
    "[dolly-zoom: 40%]",
    "[{truck: {right: 9%}}, {pedestal: 8%, at: 0%..70%}, {pan: 10deg, ease: in-out 2}]",
    "[spline: {keys: [{at: 0%}, {at: 40%, position: [10%, 2%, 0%], look_at: subject}, {at: 100%, lens: 1.2x}]}]",
    "[{use: push-in@1}, {zoom: {in: 1.2x}}]",
)
FRAMES, ROUNDS, BUDGET_MS = 10_000, 15, 100.0
KEYS = tuple(
    SplineKey(
        at=Position(value=Fraction(10 * index), unit="%"),
        position=(0.1 * index % 0.3, 0.02 * index, 0.0),
        look_at=Subject(),
    )
    for index in range(11)
)
LAYERS = {
    "orbit, truck, pan, look-at, handheld": [
        item(Orbit(right=0.8, up=0.2, closer=0.1)),
        item(Truck(distance=0.2), 10, 60),
        item(Pan(angle=0.3), 40, 90),
        item(LookAt(target=Subject())),
        item(Handheld(amount=0.4)),
    ],
    "spline of 11 keys, dolly-zoom, look-at, pan, handheld": [
        item(Spline(keys=KEYS)),
        item(DollyZoom(distance=0.3), 10, 60),
        item(LookAt(target=Subject(), frame=(0.4, 0.6))),
        item(Pan(angle=0.3), 40, 90),
        item(Handheld(amount=0.4)),
    ],
}


def main(*commits):
    print(f"{platform.processor() or platform.machine()}, numpy {np.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        check_processes(Path(folder), *commits)
    place = scene(frames=FRAMES)
    for name, layers in LAYERS.items():
        written = shot(*layers)
        took = [_milliseconds(written, place) for _ in range(ROUNDS)]
        wall, cpu = (statistics.median(column) for column in zip(*took, strict=True))
        print(f"{FRAMES} frames of {name}: best of {ROUNDS} {min(took)[0]:.1f} ms, median {wall:.1f}, of the processor"
              f" {cpu:.1f} (budget {BUDGET_MS:.0f} ms)")  # fmt: skip


def check_processes(folder, *commits):
    """Time whole processes; modules are compiled before, as they are where ex4d is installed."""
    (folder / "media").mkdir()
    (folder / "media" / "a.mp4").touch()
    film = folder / "film.yaml"
    shots = "".join(
        f"  - {{name: s{n}, clip: {n}s..{n + 2}s, camera: {CAMERAS[n % len(CAMERAS)]}}}\n" for n in range(SHOTS)
    )
    film.write_text(f"ex4d: 1\nsource: {{video: media/a.mp4}}\noutput: {{size: 512x512, fps: 24}}\nshots:\n{shots}")
    trees = {"this checkout": ROOT}
    for commit in commits:
        trees[commit] = folder / commit
        _git("add", "-q", "--detach", trees[commit], commit)
    try:
        took = _timed(trees, film, folder / "bytecode")
    finally:
        for commit in commits:
            _git("remove", "--force", trees[commit])
    ours, _ = took["this checkout"]
    for name, (wall, cpu) in took.items():
        print(f"ex4d check, {SHOTS} shots, {name}: best of {PROCESSES} {wall:.2f} s, of the processor {cpu:.2f} s"
              f" (budget {BUDGET_S} s); {wall / ours:.2f} times this one")  # fmt: skip


def _git(*arguments):
    subprocess.run(["git", "-C", ROOT, "worktree", *arguments], check=True)  # noqa: S607 - whichever git there is


def _timed(trees, film, bytecode):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    took = {name: [] for name in trees}
    for _ in range(PROCESSES + 1):  # the first writes the bytecode
        for name, tree in trees.items():
            cpu, wall = _children(), time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "ex4d.cli", "check", film],
                cwd=tree, check=True, stdout=subprocess.DEVNULL,
                env=environment | {"PYTHONPATH": str(tree), "PYTHONPYCACHEPREFIX": str(bytecode)},
            )  # fmt: skip
            took[name].append((time.perf_counter() - wall, _children() - cpu))
    return {name: tuple(map(min, zip(*times[1:], strict=True))) for name, times in took.items()}


def _children():
    times = os.times()
    return times.children_user + times.children_system


def _milliseconds(written, place):
    """Wall time and this thread's time: others may be using the machine."""
    wall, cpu = time.perf_counter(), time.thread_time()
    compile_shot(written, place)
    return 1000.0 * (time.perf_counter() - wall), 1000.0 * (time.thread_time() - cpu)


if __name__ == "__main__":
    main(*sys.argv[1:])
