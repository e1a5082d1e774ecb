"""How long a plan takes, now and at an older commit: ``python -m tests.bench.bench_plan [COMMIT] [ROUNDS]``.

Plans shots/scene.yaml and a list of ten shots of the same clip, in processes of their own that take turns, kernels
compiled beforehand; the older commit is checked out into a temporary folder. Prints the best seconds of each, without
imports, and their ratio: quote that, as absolute times depend on what else the machine does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOVES = (
    "orbit: {right: 12deg}", "dolly: 20%", "truck: {left: 8%}", "pedestal: {up: 8%}", "dolly-zoom: {out: 20%}",
    "pan: 6deg", "orbit: {up: 8deg}", "zoom: 1.3x", "dolly: {out: 15%}", "handheld: {amount: 0.5}",
)  # fmt: skip
TIMED = """
import sys, time
from pathlib import Path
from ex4d.kernels import keep_compiled
keep_compiled()
from ex4d.preflight.plan import plan
since = time.perf_counter()
made = plan(Path(sys.argv[1]))
frames = sum(len(shot.coverage) for shot in made.shots)
looked_at = sum(len(shot.scan.frames) for shot in made.shots) if hasattr(made.shots[0], "scan") else frames
print(time.perf_counter() - since, looked_at)
"""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Give a commit's files in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)  # noqa: S607
        subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)  # noqa: S607
        yield Path(folder)


def ten_shots(folder: Path) -> Path:
    """Write a list of ten shots of two seconds each beside a copy of the clip."""
    head = (ROOT / "shots" / "scene.yaml").read_text(encoding="utf-8").split("shots:\n")[0]
    shots = [
        f"  - name: shot{index}\n    clip: {0.3 * index:.1f}s..{0.3 * index + 2:.1f}s\n    camera:\n      - {move}\n"
        for index, move in enumerate(MOVES)
    ]
    shutil.copytree(ROOT / "shots" / "media", folder / "media")
    (folder / "ten.yaml").write_text(head + "shots:\n" + "".join(shots), encoding="utf-8")
    return folder / "ten.yaml"


def seconds(tree: Path, file: Path) -> tuple[float, int]:
    """Plan a file with the code of a folder; return the seconds, and how many frames were looked at."""
    done = subprocess.run(
        [sys.executable, "-c", TIMED, str(file)],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=True,
    )
    taken, frames = done.stdout.split()
    return float(taken), int(frames)


def main() -> None:
    """Print a row a list."""
    before = sys.argv[1] if len(sys.argv) > 1 else "HEAD"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with checked_out(before) as old, tempfile.TemporaryDirectory() as folder:
        for file in (Path("shots/scene.yaml"), ten_shots(Path(folder))):  # the first is each tree's own
            seconds(old, file), seconds(ROOT, file)  # kernels
            pairs = [(seconds(old, file), seconds(ROOT, file)) for _ in range(rounds)]
            was, now = (min(pair[side][0] for pair in pairs) for side in (0, 1))
            looked = [pairs[0][side][1] for side in (0, 1)]
            print(
                f"{file.name:12} {before} {was:6.2f} s, {looked[0]} frames; now {now:6.2f} s, {looked[1]} frames; ",
                end="",
            )
            print(f"{now / was:.2f} times as long, {now / looked[1] / (was / looked[0]):.2f} a frame")


if __name__ == "__main__":
    main()
