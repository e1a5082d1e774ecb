"""What an engine with weights will have to do for a shot, and how long that takes on a card that was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ex4d.engine_choice import Choice
from ex4d.engine_options import EngineOptions
from ex4d.engines import device_names, windows_in_words
from ex4d.errors import UserError
from ex4d.synthesis.settings import FRAME_STRIDE, KNOWN_FRAMES, KNOWN_SIZE, MODEL_STRIDE, DiffusionSettings, Precision
from ex4d.synthesis.windows import Window

MEASURED_CARD = "NVIDIA H200"
MEASURED_BYTES = 150_754_820_096.0
"""That it holds."""
SECONDS_PER_FORWARD: dict[Precision, float] = {"reference": 0.78, "bf16": 0.77, "fp8": 0.59}
"""Of ex4d's transformer on that card, compiled, at 512x512 and 49 frames; tests/bench/bench_wan.py measures it."""
SECONDS_PER_WINDOW = 3.5
"""Of its VAE and its image encoder on that card, at the same size: three encodings and one decoding."""
SECONDS_TO_OPEN = 40.0
"""To load and compile it there."""
ATTENTION_SHARE = 0.3
"""Of a forward's work at that size; it grows with the square of the size, the rest with the size."""


@dataclass(frozen=True)
class Expectation:
    """What an engine with weights will do for a shot."""

    windows: tuple[Window, ...]
    size: tuple[int, int]
    """That the model works at, pixels."""
    device: str
    """What it will work on; empty where it cannot work here."""
    seconds: float | None
    """On the measured card, once the engine is open; None for an engine that was not measured."""
    memory: str
    """What goes where on the graphics card, in words; empty for an engine that is not planned for."""
    notes: tuple[str, ...]
    """What the user should know before."""

    @property
    def words(self) -> str:
        """The work in a line."""
        return f"{windows_in_words(self.windows)} at {self.size[0]}x{self.size[1]}"

    @property
    def where(self) -> str:
        """What the time is of."""
        if not self.device or MEASURED_CARD in self.device:
            return f"on an {MEASURED_CARD}"
        return f"on an {MEASURED_CARD}; {self.device}, which is here, was not measured"


def expected_of(choice: Choice, frame_count: int, options: EngineOptions) -> Expectation | None:
    """Return what the engine of a shot will do; None for one without weights."""
    windows = choice.engine.windows(frame_count, options)
    if not windows:
        return None
    settings = choice.engine.settings(options)
    device = "" if choice.lacks else " and ".join(device_names(options))
    seconds = seconds_of(windows, settings) if choice.name == "ex4d" else None
    memory, faults = _memory(choice, options)
    return Expectation(windows, settings.size, device, seconds, memory, (*_notes(choice, settings), *faults))


def _memory(choice: Choice, options: EngineOptions) -> tuple[str, list[str]]:
    """Return what goes where, on the measured card where none is stated or here; or why it does not fit."""
    try:
        plan = choice.engine.planned_memory(choice.engine.for_one_shot(options), MEASURED_BYTES)
    except UserError as fault:
        return "", [str(fault)]
    return ("" if plan is None else plan.in_words()), []


def seconds_of(windows: tuple[Window, ...], settings: DiffusionSettings) -> float:
    """Return how long ex4d takes for a shot on the measured card, once it is open; caches are not counted on."""
    forwards = settings.steps * (2 if settings.guidance > 1 else 1)
    total = 0.0
    for window in windows:
        ratio = _tokens(settings.size, window.frame_count + window.padding) / _tokens(KNOWN_SIZE, KNOWN_FRAMES)
        grown = (1 - ATTENTION_SHARE) * ratio + ATTENTION_SHARE * ratio**2
        total += forwards * SECONDS_PER_FORWARD[settings.precision] * grown + SECONDS_PER_WINDOW * ratio
    return total / settings.devices


def _tokens(size: tuple[int, int], frames: int) -> int:
    return (size[0] // MODEL_STRIDE) * (size[1] // MODEL_STRIDE) * ((frames - 1) // FRAME_STRIDE + 1)


def _notes(choice: Choice, settings: DiffusionSettings) -> Iterator[str]:
    known = choice.engine.defaults
    if settings.size != known.size:
        yield f"{choice.name} knows {known.size[0]}x{known.size[1]}; other sizes work, but it was not trained at them"
    if settings.window > known.window:
        yield f"{choice.name} knows windows of {known.window} frames; longer ones work, but it was not trained at them"
    for lack in choice.lacks:
        yield f"cannot be made here: {lack.what}; {lack.remedy}"
