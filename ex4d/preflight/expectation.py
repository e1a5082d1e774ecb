"""What an engine with weights will have to do for a shot, and how long that takes on a card that was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ex4d.engines.choice import Choice
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import TERMS_OF_OWN, device_names, windows_in_words
from ex4d.errors import UserError
from ex4d.synthesis.settings import FRAME_STRIDE, KNOWN_FRAMES, KNOWN_SIZE, MODEL_STRIDE, DiffusionSettings, Precision
from ex4d.synthesis.vram import MemoryPlan
from ex4d.synthesis.windows import Window

MEASURED_CARD = "NVIDIA H200"
MEASURED_BYTES = 150_754_820_096.0
"""That it holds."""
SECONDS_PER_FORWARD: dict[Precision, float] = {"reference": 0.78, "bf16": 0.77, "fp8": 0.59}
"""Of ex4d's transformer on that card, compiled, at 512x512 and 49 frames; tests/bench/bench_wan.py measures it."""
SECONDS_PER_WINDOW = 3.5
"""Of its VAE and its image encoder on that card, at the same size: three encodings and one decoding."""
SPEED_OF_CARDS = {1: 1.0, 2: 1.98}
"""How many times faster so many cards make a guided shot than one does; of more, nothing was measured."""
SPEED_OF_LANES = {1: 1.0, 2: 1.17}
"""The same for a shot that is not guided."""
STREAMING_FACTOR = 1.02
"""What blocks that stream to the card cost, measured where the host sends 55 GB a second; a slower bus costs more."""
SECONDS_TO_OPEN = 53.0
"""To load and compile it there where blocks stream; where all stays on the card it is half of that."""
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
    cards: int
    """Graphics cards that a shot can use of those asked for."""
    seconds: float | None
    """On as many measured cards, once the engine is open; None for what was not measured."""
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
        measured = f"on an {MEASURED_CARD}" if self.cards == 1 else f"on {self.cards} {MEASURED_CARD}"
        if not self.device or MEASURED_CARD in self.device:
            return measured
        return f"{measured}; {self.device}, which is here, was not measured"


def expected_of(choice: Choice, frame_count: int, options: EngineOptions) -> Expectation | None:
    """Return what the engine of a shot will do; None for one without weights."""
    windows = choice.engine.windows(frame_count, options)
    if not windows:
        return None
    settings, used = choice.engine.settings(options), choice.engine.for_one_shot(options)
    device = "" if choice.lacks else " and ".join(device_names(used))
    cards = len(used.devices)
    plan, faults = _memory(choice, used)
    streams = plan is not None and not plan.all_on_card
    seconds = seconds_of(windows, settings, cards, streams=streams) if choice.name == "ex4d" else None
    memory = "" if plan is None else plan.in_words()
    notes = (*_notes(choice, settings, options), *_notes_of_time(choice, cards, streams=streams), *faults)
    return Expectation(windows, settings.size, device, cards, seconds, memory, notes)


def _memory(choice: Choice, options: EngineOptions) -> tuple[MemoryPlan | None, list[str]]:
    """Return what goes where, on the measured card where none is stated or here; or why it cannot be done."""
    try:
        choice.engine.require_supported(choice.engine.settings(options))
        return choice.engine.planned_memory(options, MEASURED_BYTES), []
    except UserError as fault:
        return None, [str(fault)]


def seconds_of(
    windows: tuple[Window, ...], settings: DiffusionSettings, cards: int = 1, *, streams: bool = False
) -> float | None:
    """Return how long ex4d takes for a shot on measured cards, once it is open; caches are not counted on.

    None is for more cards than were measured; ``streams`` says that not all blocks stay on the card.
    """
    if cards not in SPEED_OF_CARDS:
        return None
    forwards = settings.steps * (2 if settings.guided else 1)
    each = SECONDS_PER_FORWARD[settings.precision] * (STREAMING_FACTOR if streams else 1.0)
    total = 0.0
    for window in windows:
        ratio = _tokens(settings.size, window.frame_count + window.padding) / _tokens(KNOWN_SIZE, KNOWN_FRAMES)
        grown = (1 - ATTENTION_SHARE) * ratio + ATTENTION_SHARE * ratio**2
        total += forwards * each * grown + SECONDS_PER_WINDOW * ratio
    return total / (SPEED_OF_CARDS if settings.guided else SPEED_OF_LANES)[cards]


def _tokens(size: tuple[int, int], frames: int) -> int:
    return (size[0] // MODEL_STRIDE) * (size[1] // MODEL_STRIDE) * ((frames - 1) // FRAME_STRIDE + 1)


def _notes(choice: Choice, settings: DiffusionSettings, options: EngineOptions) -> Iterator[str]:
    known = choice.engine.defaults
    if settings.size != known.size:
        yield f"{choice.name} knows {known.size[0]}x{known.size[1]}; other sizes work, but it was not trained at them"
    if settings.window > known.window:
        yield f"{choice.name} knows windows of {known.window} frames; longer ones work, but it was not trained at them"
    if adapter := choice.engine.own_adapter(options):
        yield f"its adapter is {adapter}, {TERMS_OF_OWN}"
    for lack in choice.lacks:
        yield f"cannot be made here: {lack.what}; {lack.remedy}"


def _notes_of_time(choice: Choice, cards: int, *, streams: bool) -> Iterator[str]:
    if choice.name != "ex4d":
        return
    if cards not in SPEED_OF_CARDS:
        yield f"how long a shot takes on {cards} cards was not measured; on {max(SPEED_OF_CARDS)} it was"
    elif streams:
        yield "the time is for a bus that streams 55 GB a second from the host; a slower one takes longer"
