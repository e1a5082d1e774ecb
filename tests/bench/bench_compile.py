"""How long compiling takes: a 10,000-frame path with five layered moves, budget 100 ms.

Run from the checkout: python -m tests.bench.bench_compile
"""

import platform
import statistics
import time
from fractions import Fraction

import numpy as np

from ex4d.shotlist.model import DollyZoom, Handheld, LookAt, Orbit, Pan, Position, Spline, SplineKey, Subject, Truck
from ex4d.trajectory.compiler import compile_shot
from tests.trajectory.shots import item, scene, shot

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


def main() -> None:
    place = scene(frames=FRAMES)
    print(f"{platform.processor() or platform.machine()}, numpy {np.__version__}, {FRAMES} frames, {ROUNDS} rounds")
    for name, layers in LAYERS.items():
        written = shot(*layers)
        took = [_milliseconds(written, place) for _ in range(ROUNDS)]
        wall, cpu = (statistics.median(column) for column in zip(*took, strict=True))
        print(f"{name}: median {wall:.1f} ms, of the processor {cpu:.1f} ms, best {min(took)[0]:.1f} ms"
              f" (budget {BUDGET_MS:.0f} ms)")  # fmt: skip


def _milliseconds(written, place):
    """Wall time and this thread's time: others may be using the machine."""
    wall, cpu = time.perf_counter(), time.thread_time()
    compile_shot(written, place)
    return 1000.0 * (time.perf_counter() - wall), 1000.0 * (time.thread_time() - cpu)


if __name__ == "__main__":
    main()
