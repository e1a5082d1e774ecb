"""A window through EX-4D's engine at its true size on random weights, every stage timed. Run on a machine with CUDA.

    python -m tests.bench.bench_wan_window write DIR [tiny]    random weights of the true size, as downloads lie
    python -m tests.bench.bench_wan_window run DIR KEY=VALUE.. one window, settings as DiffusionSettings names them
    python -m tests.bench.bench_wan_window memory DIR [GB...]  the same for cards of 48, 24, 16, 12 and 8 GB

Memory is what the driver counts for the process (NVML), not what torch says of itself.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import torch

from ex4d.synthesis.settings import VRAM_TIERS, DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.wan.engine import Ex4dEngine
from ex4d.synthesis.wan.prompts import EmbeddedPrompts
from tests.bench import random_wan
from tests.bench.random_wan import CARD


@dataclass
class Timeline:
    """A listener that notes when everything happened."""

    events: list[tuple[float, str]] = field(default_factory=lambda: [(time.perf_counter(), "start")])

    def begin(self, task: str, total: int) -> None:
        self.events.append((time.perf_counter(), f"begin {task}"))

    def advance(self) -> None:
        self.events.append((time.perf_counter(), "advance"))

    def say(self, text: str) -> None:
        print(f"  {text}", flush=True)


class CardUse:
    """The most that this process took of each card, by the driver's own count (NVML), sampled while it is at work."""

    def __init__(self) -> None:
        import pynvml

        self._nvml, self._cards = pynvml, []
        if torch.cuda.is_available():
            pynvml.nvmlInit()
            self._cards = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        self._before = self._used()
        self.peak = [0] * len(self._cards)
        self._stop = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _used(self) -> list[int]:
        return [self._nvml.nvmlDeviceGetMemoryInfo(card).used for card in self._cards]

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            self.peak = [max(a, b - c) for a, b, c in zip(self.peak, self._used(), self._before, strict=True)]

    def stop(self) -> list[float]:
        self._stop.set()
        self._thread.join()
        return [round(peak / 1e9, 2) for peak in self.peak]


def run(folder: Path, values: dict[str, str]) -> None:
    """Take one window through the engine and print where its seconds went; values of settings as KEY=VALUE."""
    use, devices = CardUse(), tuple(values.pop("devices", str(CARD)).split(","))
    windows, text = int(values.pop("windows", "1")), values.pop("text", "")
    settings = DiffusionSettings(**{name: _value(value) for name, value in values.items()})
    line = Timeline()
    engine = Ex4dEngine(
        folder / "wan2.1-i2v-14b-480p", folder / "ex4d" / "ex4d.ckpt", settings, devices=devices, progress=line
    )
    start = time.perf_counter()
    prompts = _prompts(engine, text)
    embedded = time.perf_counter()
    draws = np.random.default_rng(0)
    colour = draws.integers(0, 256, (settings.window, settings.size[1], settings.size[0], 3), np.uint8)
    visible = np.ones(colour.shape[:3], np.bool_)
    visible[1:, :, 300:] = False
    engine._models  # noqa: B018 - loads
    loaded = time.perf_counter()
    found: dict[str, Any] = {"text_s": embedded - start, "load_s": loaded - embedded}
    for window in range(windows):
        line.events.clear()
        begun = time.perf_counter()
        frames = engine.complete(colour, visible, window, prompts=prompts, seed=0)
        done = time.perf_counter()
        denoising = next(moment for moment, what in line.events if what.startswith("begin denoising"))
        steps = [moment for moment, what in line.events if what == "advance"]
        each = np.diff([denoising, *steps])
        found |= {
            "encode_s": denoising - begun, "first_step_s": each[0], "step_s": float(np.median(each[1:])),
            "loop_s": steps[-1] - denoising, "decode_s": done - steps[-1], "window_s": done - begun,
        }  # fmt: skip
    peaks = use.stop()
    host = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    rounded = {name: round(float(value), 3) for name, value in found.items()}
    row = {**values, "devices": devices, **rounded, "peak_GB": peaks, "host_GB": round(host, 1)}
    print(json.dumps(row | {"mean_level": float(frames.mean())}), flush=True)


def _prompts(engine: Ex4dEngine, text: str) -> EmbeddedPrompts:
    """Have the text encoder embed both prompts; without ``text``, draw what it would give."""
    if text:
        return engine._prompts(SynthesisRequest(prompt=text))
    draws = torch.Generator().manual_seed(3)
    features = json.loads((engine._folder.root / "transformer" / "config.json").read_text())["text_dim"]
    return EmbeddedPrompts(*(torch.randn(1, 512, features, generator=draws) for _ in range(2)))


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return tuple(value) if isinstance(value, list) else value


def apart(folder: Path, **values: object) -> None:
    """Run one window in a process of its own, so that what the driver counts is that run's."""
    words = [f"{name}={value}" for name, value in values.items()]
    print(f"run {' '.join(words)}", flush=True)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.bench.bench_wan_window", "run", str(folder), *words], check=False
    )


def main() -> None:
    what, folder, *values = sys.argv[1:]
    if what == "write":
        start = time.perf_counter()
        random_wan.write(Path(folder), tiny=values == ["tiny"])
        print(f"written in {time.perf_counter() - start:.0f} s", flush=True)
    elif what == "run":
        run(Path(folder), dict(value.split("=", 1) for value in values))
    elif what == "memory":
        for tier in map(int, values) if values else VRAM_TIERS:
            apart(Path(folder), vram_gb=tier, steps=4, text=f"courtyard{tier}")


if __name__ == "__main__":
    main()
