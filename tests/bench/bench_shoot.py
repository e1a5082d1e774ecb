"""Where the time of a whole film goes: ``python -m tests.bench.bench_shoot [FILE]``.

Makes the film in a temporary folder, kernels compiled beforehand, and prints seconds and milliseconds a frame of each
stage, and what ``ex4d plan`` had foretold. Quote the shares: absolute times depend on what else the machine does.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from ex4d.kernels import keep_compiled

ROOT = Path(__file__).parents[2]


class Stopwatch:
    """Adds up the time from each task's beginning to the next one's."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.steps: dict[str, int] = defaultdict(int)
        self._stage, self._since = "set-up", time.perf_counter()

    def begin(self, task: str, total: int) -> None:
        """Close the running stage and open the next: a task's last word names its stage."""
        now = time.perf_counter()
        self.seconds[self._stage] += now - self._since
        self._stage, self._since = task.rsplit(": ", maxsplit=1)[-1], now

    def advance(self) -> None:
        """Count a frame."""
        self.steps[self._stage] += 1

    def say(self, text: str) -> None:
        """Pass on what is said."""
        print(text)

    def stop(self) -> None:
        """Close the last stage."""
        self.begin("", 0)


def main() -> None:
    """Plan, shoot, and print the table."""
    keep_compiled()
    from ex4d.preflight.plan import plan
    from ex4d.production import shoot
    from ex4d.shotlist.load import load

    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "shots" / "scene.yaml"
    with tempfile.TemporaryDirectory() as folder:
        shoot(load(file), folder=Path(folder) / "warm", only=[load(file).shots[-1].name])
        foretold = plan(file)
        watch = Stopwatch()
        shoot(load(file), folder=Path(folder) / "out", progress=watch)
        watch.stop()
    total = sum(watch.seconds.values())
    for stage, seconds in watch.seconds.items():
        frames = watch.steps[stage]
        each = f"{1000 * seconds / frames:7.1f} ms a frame" if frames else ""
        print(f"{stage:10} {seconds:7.2f} s {seconds / total:6.1%} {each}")
    print(f"{'all':10} {total:7.2f} s for {foretold.frames} frames; plan foretold {foretold.seconds:.0f} s")
    print(f"peak resident memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
