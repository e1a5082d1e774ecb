"""EX-4D as a user runs it, from the downloads' own folders, against the reference's own frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.guide_video import GuideFrame
from ex4d.engines.choice import chosen, require
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import ENGINES
from ex4d.engines.run import Engines
from ex4d.synthesis.synthesizer import SynthesisRequest
from tests.shared_data import shared_data
from tests.synthesis.small_guides import write_guide


def test_the_references_own_checkpoint_gives_its_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To one level everywhere, to the bit in 99.9 % of all values."""
    from safetensors.numpy import load_file, save_file

    folder = shared_data("reference_wan")
    golden = load_file(folder / "golden.safetensors")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    embeds = tmp_path / "embeds.safetensors"
    features = {name: golden[f"{name}_features"] for name in ("prompt", "negative")}
    save_file({name: np.ascontiguousarray(each.reshape(-1, each.shape[-1])) for name, each in features.items()}, embeds)
    visible = golden["visible"].astype(bool)
    frames = [
        GuideFrame(colour * seen[..., None], seen) for colour, seen in zip(golden["colour"], visible, strict=True)
    ]
    guide = write_guide(tmp_path / "guide", frames)

    options = EngineOptions({"size": guide.size, "prompt_embeds": embeds}, device="cpu", models=folder / "models")
    require([chosen("ex4d", options)], options)
    engine = Engines(options).opened(ENGINES["ex4d"])
    made = np.array(list(engine.synthesize(guide, SynthesisRequest(seed=0, erode=0))))

    difference = np.abs(made.astype(int) - golden["frames"])
    assert difference.max() <= 1
    assert (difference == 0).mean() >= 0.999
