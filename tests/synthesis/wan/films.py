"""Engines with tiny weights, and what they make of a guide or of one window."""

import numpy as np

from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.wan.engine import Ex4dEngine
from ex4d.synthesis.wan.prompts import EmbeddedPrompts
from ex4d.synthesis.wan.text import padded
from tests.synthesis.small_guides import static_frames
from tests.synthesis.wan.random_transformer import draw
from tests.synthesis.wan.tiny_wan import FEATURES

SIZE, WINDOW = (48, 32), 5
REQUEST = SynthesisRequest("a quiet street", seed=3, erode=2)


def engine_of(tiny, *, devices=("cpu",), folder=None, adapter=None, lora=None, progress=None, **changes):
    settings = DiffusionSettings(**{"size": SIZE, "window": WINDOW, "steps": 2, "overlap": 1} | changes)
    listening = {} if progress is None else {"progress": progress}
    return Ex4dEngine(
        folder or tiny.original, adapter or tiny.adapter, settings, devices=devices, distilled_lora=lora, **listening
    )


def film(engine, guide, **changes):
    return np.stack(list(engine.synthesize(guide, SynthesisRequest(**{**vars(REQUEST), **changes}))))


def window_of(engine, size=SIZE, *, frames=WINDOW, index=0):
    """Return one window's frames, without a guide on the disk and without a text encoder."""
    shown = static_frames(frames, size)
    prompts = EmbeddedPrompts(*(padded(draw(9, FEATURES, seed=1 + k)) for k in range(2)))
    colour, visible = np.stack([one.colour for one in shown]), np.stack([one.visible for one in shown])
    return engine.complete(colour, visible, index, prompts=prompts, seed=0)


def levels(one, other):
    return np.abs(one.astype(int) - other)
