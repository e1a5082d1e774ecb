"""What the frozen encoders store is what inference would compute of the same guide."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ex4d.errors import SynthesisError
from ex4d.media.fitting import Fit
from ex4d.progress import SILENT
from ex4d.synthesis.wan import conditioning as guide_of
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.camera_encoder import CameraEncoder
from ex4d.synthesis.wan.loading import load_image_encoder, load_vae
from ex4d.synthesis.wan.prompt_files import PromptCache
from ex4d.synthesis.wan.text import NEGATIVE_PROMPT, PROMPT, embed_prompts, padded
from ex4d.synthesis.wan.weight_folders import WanFolder, find_wan_folder
from ex4d.training.adapter.examples import Examples, PreparedExamples
from ex4d.training.dataset import encoders
from ex4d.training.dataset.encoders import Bench, FrozenEncoders, identity_of
from ex4d.training.dataset.prepared import Prepared
from ex4d.training.dataset.preparing import prepare
from tests.synthesis.wan.tiny_wan import FEATURES, TinyWan
from tests.training.dataset.tiny_clips import SIZE, config, drawing, pictures, write_clip

CPU = torch.device("cpu")
HALF, LEAST = 2.0**-11, 2.0**-25
"""Of a number, at most, that float16 is off; and of those too small for that."""


class Told:
    """A data set that was prepared with the tiny Wan, and what was in memory meanwhile."""

    def __init__(self, root: Path, tiny: TinyWan, patch: pytest.MonkeyPatch) -> None:
        self.loaded: list[tuple[str, int]] = []
        self._alive: list[weakref.ref[torch.nn.Module]] = []
        for name in ("open_text_encoder", "load_vae", "load_image_encoder"):
            patch.setattr(encoders, name, self._noting(name, getattr(encoders, name)))
        for seed, clip in enumerate(("bear", "dog")):
            write_clip(root / "clips" / f"{clip}.mkv", seed)
        (root / "clips" / "dog.txt").write_text("a  dog &amp; a bear")
        self.folder = find_wan_folder(tiny.original)
        self.config = config(root)
        self.prepared: Prepared = prepare(self.config, drawing(), tiny.original)
        self.left = self._living()

    def _living(self) -> int:
        return sum(one() is not None for one in self._alive)

    def _noting(self, name: str, load: Callable[..., Any]) -> Callable[..., Any]:
        def loading(*args: Any, **kwargs: Any) -> Any:
            self.loaded.append((name, self._living()))
            model = load(*args, **kwargs)
            self._alive.append(weakref.ref(model))
            return model

        return loading


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, tiny_weights: TinyWan) -> Iterator[Told]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        yield Told(tmp_path_factory.mktemp("told"), tiny_weights, patch)


@pytest.fixture(scope="module")
def vae(told: Told) -> Any:
    return load_vae(told.folder, torch.float32, CPU)


def guide(draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours of the first clip's excerpt, and where the guide of a draw is seen."""
    fit = Fit.plan(SIZE, (48, 32))
    colour = np.stack([fit.view_of(fit.colour(frame)) for frame in pictures()[2:7]])
    visible = np.ones(colour.shape[:3], bool)
    visible[1:, :, 8 * draw : 8 * draw + 8] = False
    return colour, visible


def close(stored: torch.Tensor, exact: torch.Tensor) -> bool:
    return bool(torch.all((stored - exact).abs() <= HALF * exact.abs() + LEAST))


@pytest.mark.parametrize("draw", [0, 1])
def test_an_example_is_what_inference_is_told_of_the_same_guide(told: Told, vae: Any, draw: int) -> None:
    """Up to its rounding to float16."""
    example = told.prepared.trained[0].example(draw)
    colour, visible = guide(draw)
    frame = guide_of.first_frame(guide_of.colour_video(colour, visible))
    image_encoder = load_image_encoder(told.folder, torch.float32, CPU)

    assert np.array_equal(told.prepared.trained[0].visible(draw), visible)
    assert close(example.guide, guide_of.encode(vae, guide_of.colour_video(colour, visible))[0])
    assert close(example.mask, guide_of.encode(vae, guide_of.mask_video(visible))[0])
    assert close(example.condition, guide_of.image_condition(vae, frame, len(colour))[0])
    assert close(example.image, guide_of.image_features(image_encoder, frame)[0])


def test_the_target_is_the_guide_without_holes(told: Told, vae: Any) -> None:
    """Where nothing is hidden, the adapter is asked for just what it is shown."""
    example = told.prepared.trained[0].example(0)
    colour, visible = guide(0)

    assert close(example.target, guide_of.encode(vae, guide_of.colour_video(colour, np.ones_like(visible)))[0])
    assert not close(example.target, example.guide)


def test_the_camera_encoder_gives_what_it_gives_in_inference(told: Told, vae: Any, tiny_weights: TinyWan) -> None:
    """To a thousandth, for guide and mask being stored in float16."""
    camera = {name: value.float() for name, value in read_adapter(tiny_weights.adapter).camera.items()}
    encoder = CameraEncoder.of(camera, features=FEATURES, file=tiny_weights.adapter)
    example = told.prepared.trained[0].example(1)
    heard = guide_of.camera_latent(vae, encoder, *guide(1))
    with torch.no_grad():
        stored = encoder(example.guide[None], example.mask[None])

    assert float((stored - heard).norm() / heard.norm()) < 1e-3


def test_prompts_are_embedded_as_in_inference(told: Told, tmp_path: Path) -> None:
    cache, words = PromptCache(tmp_path, "any"), (PROMPT, "a dog &amp; a bear", NEGATIVE_PROMPT)
    wanted = embed_prompts(words, told.folder, cache=cache, dtype=torch.float32, device=CPU)
    bear, dog = told.prepared.trained

    assert dog.prompt == "a dog & a bear"
    for stored, features in zip((bear.text(), dog.text(), told.prepared.negative_text()), wanted, strict=True):
        assert torch.equal(stored, padded(features)[0])


def test_the_text_encoder_is_gone_before_the_others_are_loaded_and_all_are_loaded_once(told: Told) -> None:
    """And nothing of them is left for training to find its memory taken."""
    assert told.left == 0
    assert told.loaded == [("open_text_encoder", 0), ("load_vae", 0), ("load_image_encoder", 1)]


def test_the_same_excerpt_is_encoded_to_the_same_bytes(told: Told, tiny_weights: TinyWan, tmp_path: Path) -> None:
    videos = told.config.clips.model_copy(update={"videos": told.config.clips.videos / "bear.mkv"})
    again = told.config.model_copy(update={"output": tmp_path / "out", "clips": videos})
    (excerpt,) = prepare(again, drawing(), tiny_weights.original).trained

    assert excerpt.file.read_bytes() == told.prepared.trained[0].file.read_bytes()


def test_prepared_excerpts_are_what_the_trainer_is_taught_with(told: Told) -> None:
    examples = PreparedExamples.of(told.prepared.trained)

    assert isinstance(examples, Examples)
    assert (examples.count, examples.draws, examples.name(1)) == (2, 2, "dog-0002")
    assert torch.equal(examples.example(1, 0).guide, told.prepared.trained[1].example(0).guide)


def test_weights_and_the_type_that_they_compute_in_tell_encoders_apart(tiny_weights: TinyWan) -> None:
    folders = [find_wan_folder(one) for one in (tiny_weights.original, tiny_weights.diffusers)]
    kinds = [Bench(CPU, kind) for kind in (torch.float32, torch.bfloat16)]
    assert len({identity_of(folder, bench) for folder in folders for bench in kinds}) == 4


def test_memory_that_runs_out_on_the_card_is_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(guide_of, "encode", out_of_memory)
    frozen = FrozenEncoders(told.folder, Bench.here("cpu"), SILENT)
    colour, visible = guide(0)
    with pytest.raises(SynthesisError, match=r"out of memory while an excerpt was encoded; make excerpts\.size small"):
        frozen.encoded(colour, [visible])


def test_a_card_with_too_little_room_has_the_text_encoder_s_layers_by_turns(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sum(file.stat().st_size for file in told.folder.files("text_encoder"))
    card = torch.device("cuda:0")
    for free, tight in ((size, True), (2 * size, False)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _, free=free: (free, 10 * size))
        assert encoders._is_tight(told.folder, card) == tight
    assert not encoders._is_tight(told.folder, CPU)


def test_a_prompt_that_is_kept_needs_no_encoder(told: Told) -> None:
    nowhere = WanFolder(Path("nowhere"), "original")
    encoders.embed([told.prepared.negative_prompt], nowhere, Bench.here("cpu"), told.prepared.prompts, SILENT)
