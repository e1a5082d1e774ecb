"""Run the experiment, going on where an earlier run stopped, and print its tables."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from tests.bench.adapter_learning.results import measured, tables
from tests.bench.adapter_learning.scales import SCALES
from tests.bench.adapter_learning.work import Work


def main() -> None:
    """Read the arguments, and run."""
    arguments = argparse.ArgumentParser(prog="python -m tests.bench.adapter_learning", description=__doc__)
    arguments.add_argument("--scale", choices=SCALES, default="cpu")
    arguments.add_argument("--folder", type=Path, required=True, help="where everything is kept; not in the project")
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--threads", type=int, default=1, help="of torch, on the CPU")
    arguments.add_argument("--seeds", type=int, default=3)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    folder = given.folder / given.scale
    folder.mkdir(parents=True, exist_ok=True)
    work = Work(folder, SCALES[given.scale], torch.device(given.device))
    start = time.perf_counter()
    results = {"scale": given.scale} | measured(work, given.seeds)
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    work.tell(f"this run took {time.perf_counter() - start:.0f} s")
    print(tables(results))


main()
