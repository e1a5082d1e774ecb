"""Small renders and masks, an engine that gives back what it is given, and what is read of films."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.generation import Generated
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from ex4d.media.writing import LosslessWriter
from ex4d.shotlist.model import Synthesis
from ex4d.synthesis.synthesizer import SynthesisRequest

FRAMES, RATE = 7, Fraction(24000, 1001)
MESH = Synthesis(engine="mesh")


class Heard:
    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None: ...

    def say(self, text: str) -> None:
        self.said.append(text)


def write(file: Path, frames: Iterator[np.ndarray] | list[np.ndarray], rate: Fraction = RATE) -> Path:
    frames = list(frames)
    with LosslessWriter(file, frames[0].shape[1::-1], rate) as video:
        for frame in frames:
            video.write(frame)
    return file


def colours(count: int = FRAMES, size: tuple[int, int] = (64, 48)) -> list[np.ndarray]:
    return list(np.random.default_rng(2).integers(1, 255, (count, size[1], size[0], 3), np.uint8))


def masks(count: int = FRAMES, size: tuple[int, int] = (64, 48), *, hole_in_first: bool = False) -> list[np.ndarray]:
    """White, a little noisy, with a black hole from the second frame on."""
    draws = np.random.default_rng(3)
    frames = draws.integers(240, 256, (count, size[1], size[0], 1), np.uint8)
    frames[0 if hole_in_first else 1 :, 10:20, 16:32] = draws.integers(0, 15, (1, 1, 1, 1), np.uint8)
    return list(frames.repeat(3, axis=3))


def frames_of(made: Generated) -> np.ndarray:
    info = probe(made.output)
    return np.array(list(read_frames(info, range(info.frame_count))))


class Mirror:
    """A tiny real engine: gives the guide back, and keeps what it was given."""

    def __init__(self) -> None:
        self.guides: list[tuple[np.ndarray, np.ndarray]] = []
        self.requests: list[SynthesisRequest] = []

    def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
        self.requests.append(request)
        for frame in guide.frames():
            self.guides.append((frame.colour, frame.visible))
            yield frame.colour
