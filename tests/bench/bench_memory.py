"""How much memory a long 2K guide takes: peaks of a short clip and of a long one, each in a process of its own.

    python -m tests.bench.bench_memory                  2048x1152, 15 and 60 frames; two minutes
    python -m tests.bench.bench_memory --size 1024x576

Everything on the way is real: a lossless video and its depth are read from files, with a clean plate behind, and the
guide is drawn and written. Printed are the process's greatest resident memory and the greatest sum of what numpy and
Python held. Both should not depend on the number of frames.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.guide import GuideRecipe, draw_guide
from ex4d.kernels import keep_compiled
from ex4d.media.writing import LosslessWriter
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.setups import Setup, set_up
from ex4d.shotlist.load import load

RATE = Fraction(10)
WARM_UP = (128, 96, 3)
"""Width, height and frames of a first guide, whose compiling is not counted."""
SHOT = """\
ex4d: 1
title: Long
source: {{video: long.mkv, depth: {{file: long.depth.mkv, unit: mm}}, lens: 54deg}}
output: {{file: long.mp4, fps: 10}}
synthesis: {{engine: mesh}}
shots:
  - name: long
    clip: 0s..{seconds}s
    camera:
      - orbit: {{right: 20deg}}
"""


def write_source(folder: Path, width: int, height: int, frames: int) -> Path:
    """Write a textured wall with a square that moves before it, its depth in mm, and a shot of all of it."""
    folder.mkdir(exist_ok=True)
    wall = np.random.default_rng(5).integers(60, 200, (height // 8 + 1, width // 8 + 1, 3)).astype(np.uint8)
    wall = wall.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    video = LosslessWriter(folder / "long.mkv", (width, height), RATE)
    depth = LosslessWriter(folder / "long.depth.mkv", (width, height), RATE, "gray16")
    with video, depth:
        for index in range(frames):
            left = width // 4 + index * width // (3 * frames)
            square = np.s_[height // 3 : 2 * height // 3, left : left + width // 4]
            colour, millimetres = wall.copy(), np.full((height, width), 4000, np.uint16)
            colour[square], millimetres[square] = (230, 40, 30), 2000
            video.write(colour)
            depth.write(millimetres)
    file = folder / "long.yaml"
    file.write_text(SHOT.format(seconds=frames / int(RATE)), encoding="utf-8")
    return file


def opened(file: Path) -> Setup:
    """Open the media of a shot list's first shot."""
    shots = load(file)
    return set_up(shots.shots[0], shots.output)


def draw(setup: Setup, folder: Path) -> None:
    """Draw a shot's guide and write it into a folder."""
    with GuideVideo.writer(folder, setup.path, setup.path.scene.lens, background=True) as write:
        for frame in draw_guide(setup.footage, setup.path, CpuRasterizer(), GuideRecipe()):
            write(frame)


def measure(width: int, height: int, frames: int) -> tuple[float, float]:
    """Peak of the process and of what Python and numpy held, MiB, from opening the media to the guide's last frame."""
    keep_compiled()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(opened(write_source(folder, *WARM_UP)), folder / "guide")
        file = write_source(folder, width, height, frames)
        tracemalloc.start()
        draw(opened(file), folder / "guide")
        held = tracemalloc.get_traced_memory()[1]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, held / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="2048x1152")
    parser.add_argument("--frames", type=int, nargs="+", default=[15, 60])
    parser.add_argument("--measure", action="store_true", help="in this process, and print the two numbers alone")
    chosen = parser.parse_args()
    width, height = (int(side) for side in chosen.size.split("x"))
    if chosen.measure:
        print(*measure(width, height, chosen.frames[0]))
        return
    print(f"| guide of {chosen.size} | process, MiB | Python and numpy, MiB |\n|---|---|---|")
    for frames in chosen.frames:
        command = [sys.executable, "-m", __spec__.name, "--measure", "--size", chosen.size, "--frames", str(frames)]
        process, held = map(float, subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())
        print(f"| {frames} frames | {process:.0f} | {held:.0f} |")


if __name__ == "__main__":
    main()
