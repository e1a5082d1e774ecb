"""How much memory estimating depth takes, for clips of two lengths: it is bounded by the window, not by the clip.

    python -m tests.bench.bench_depth_memory                      30 and 150 frames of 320x240
    python -m tests.bench.bench_depth_memory --frames 60 600

A process each, with tiny weights of each kind: what the networks themselves take is the same for any length, and is
left out as far as it can be. The clip is noise over a gradient, so that nothing compresses away.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ex4d.media.writing import H264Writer
from tests.tiny_depth_crafter import write_tiny_depth_crafter
from tests.tiny_depth_model import write_tiny_weights
from tests.tiny_depth_pro import write_tiny_depth_pro

SIZE = (320, 240)
MODELS = {
    "depth-anything-v2-small": (),
    "depth-pro": (),
    "depthcrafter": ("--longest", "128", "--window", "28"),
}


def write_clip(file: Path, frames: int) -> None:
    random = np.random.default_rng(4)
    gradient = np.linspace(0, 200, SIZE[0])[None, :, None] + np.zeros((SIZE[1], 1, 3))
    with H264Writer(file, SIZE, Fraction(24)) as video:
        for _ in range(frames):
            video.write((gradient + random.integers(0, 55, gradient.shape)).astype(np.uint8))


def peak_mib(arguments: list[str], environment: dict[str, str]) -> int:
    """Return the largest memory that a run of ``ex4d`` held."""
    child = subprocess.Popen([sys.executable, "-m", "ex4d.cli", *arguments, "--quiet"], env=environment)
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0, f"ended with {status}"
    return used.ru_maxrss // (1024 if sys.platform == "linux" else 1024 * 1024)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--frames", type=int, nargs=2, default=(30, 150))
    frames = asked.parse_args().frames
    with TemporaryDirectory() as folder:
        models, here = Path(folder) / "models", Path(folder)
        for write in (write_tiny_weights, write_tiny_depth_pro, write_tiny_depth_crafter):
            write(models)
        environment = os.environ | {"XDG_CACHE_HOME": f"{folder}/cache", "EX4D_MODELS": str(models)}
        clips = [here / f"{count}.mp4" for count in frames]
        for clip, count in zip(clips, frames, strict=True):
            write_clip(clip, count)
        print(f"{'peak memory, MiB':<28}" + "".join(f"{count:>8} frames" for count in frames))
        for model, settings in MODELS.items():
            runs = [
                peak_mib(["depth", str(clip), "--model", model, *settings, "-o", f"{folder}/d.mkv"], environment)
                for clip in clips
            ]
            print(f"{model:<28}" + "".join(f"{run:>15}" for run in runs))


if __name__ == "__main__":
    main()
