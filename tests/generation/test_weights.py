"""Engines with weights, tiny but real, complete a render as they are asked to."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from ex4d.engines.registry import ENGINES
from ex4d.engines.run import weight_files
from ex4d.errors import UserError
from ex4d.generation import generate
from ex4d.given_render import Generation
from ex4d.media.probe import probe
from ex4d.shotlist.model import Synthesis
from tests.generation.renders import FRAMES, Heard, frames_of
from tests.small_engines import ON_CPU
from tests.synthesis.vace.tiny_vace import SIZE


@pytest.mark.parametrize("engine", ["ex4d", "vace"])
def test_a_manifest_tells_of_weights_by_content_of_memory_and_of_embedded_prompts(
    job: Generation, tiny_models: Path, tmp_path: Path, engine: str
) -> None:
    from safetensors.numpy import save_file

    options = replace(ON_CPU, models=tiny_models)
    if engine == "ex4d":
        embeds = tmp_path / "embeds.safetensors"
        save_file({name: np.ones((7, 32), np.float32) for name in ("prompt", "negative")}, embeds)
        options = replace(options, stated={**options.stated, "prompt_embeds": embeds, "vram_gb": 24.0})
    made = generate(replace(job, synthesis=Synthesis(engine=engine), options=options, frame_count=5))
    said = json.loads(made.manifest.read_text())
    files = weight_files(ENGINES[engine], options)
    assert said["sha256"]["weights"] == {name: sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    assert said["engine"]["memory"] is None  # nothing is planned for the CPU
    if engine == "ex4d":
        assert said["sha256"]["prompt_embeds"] == sha256(embeds.read_bytes()).hexdigest()
        assert said["engine"]["settings"]["negative_prompt"] == f"embedded in {embeds}"
        assert said["engine"]["vram_gb"] == 24.0


def test_vace_completes_a_render_in_windows_on_the_cpu_where_asked(job: Generation, tiny_models: Path) -> None:
    heard = Heard()
    made = generate(
        replace(job, synthesis=Synthesis(engine="vace"), options=replace(ON_CPU, models=tiny_models)), heard
    )
    assert probe(made.output).frame_count == FRAMES
    assert probe(made.output).size == (64, 48) != SIZE
    assert any("7 frames in 2 windows of 5" in text for text in heard.said)
    assert any("licence Apache-2.0, commercial use: yes" in text for text in heard.said)
    said = json.loads(made.manifest.read_text())["engine"]
    assert (said["used"], said["device"], said["settings"]["steps"]) == ("vace", ["cpu"], 1)


def test_ex4d_completes_a_render_and_its_seed_prompt_and_erosion_tell(job: Generation, tiny_models: Path) -> None:
    small = replace(job, options=replace(ON_CPU, models=tiny_models), frame_count=5)
    asked = {"usual": {}, "again": {}, "seed": {"seed": 2}, "prompt": {"prompt": "motion"}, "erode": {"erode": 9}}
    films = {
        name: frames_of(generate(replace(small, synthesis=Synthesis(engine="ex4d", **wish))))
        for name, wish in asked.items()
    }
    np.testing.assert_array_equal(films["usual"], films["again"])
    for name in ("seed", "prompt", "erode"):
        assert (films[name] != films["usual"]).any(), name
    said = json.loads(job.manifest.read_text())
    assert said["engine"]["erode"] == 9
    assert [weights["commercial"] for weights in said["engine"]["weights"]] == ["yes", "unclear"]


def test_embedded_prompts_of_another_model_are_refused_and_nothing_is_written(
    job: Generation, tiny_models: Path, tmp_path: Path
) -> None:
    from safetensors.numpy import save_file

    embeds = tmp_path / "embeds.safetensors"
    save_file({name: np.ones((7, 40), np.float32) for name in ("prompt", "negative")}, embeds)
    options = replace(ON_CPU, models=tiny_models, stated={**ON_CPU.stated, "prompt_embeds": embeds})
    with pytest.raises(UserError, match=r"embeds\.safetensors: 'prompt' has rows of 40, the model reads 32"):
        generate(replace(job, synthesis=Synthesis(engine="ex4d"), options=options))
    assert not list(tmp_path.glob("film*"))


def test_previews_lie_beside_the_video(job: Generation, tiny_models: Path) -> None:
    options = replace(ON_CPU, models=tiny_models, stated={**ON_CPU.stated, "preview_every": 1})
    generate(replace(job, synthesis=Synthesis(engine="ex4d"), options=options, frame_count=5))
    (preview,) = job.output.with_name("film.ex4d.previews").iterdir()
    assert preview.suffix == ".png"


def test_vace_takes_the_loras_that_are_named(job: Generation, tiny_models: Path, tmp_path: Path) -> None:
    """One of another model is refused by the engine itself, which proves that it was handed on."""
    from safetensors.numpy import save_file

    lora = tmp_path / "style.safetensors"
    save_file({"transformer.nowhere.lora_A.weight": np.ones((2, 3), np.float32)}, lora)
    options = replace(ON_CPU, models=tiny_models, loras=(lora,))
    with pytest.raises(UserError, match=r"style\.safetensors"):
        generate(replace(job, synthesis=Synthesis(engine="vace"), options=options))
    assert not job.output.exists()
