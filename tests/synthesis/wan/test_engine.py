"""The whole engine with tiny weights: what counts, what is refused, and what is left behind."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ex4d.errors import MissingPart, SynthesisError, UserError
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.wan.engine import noise_seed
from tests.synthesis.small_guides import static_frames, write_guide
from tests.synthesis.wan.films import SIZE, WINDOW, engine_of, film, levels, window_of
from tests.synthesis.wan.tiny_wan import lora_tensors

pytestmark = pytest.mark.usefixtures("prompts_folder")


class Listener:
    def __init__(self):
        self.told, self.said = [], []

    def begin(self, task, total):
        self.told.append([task, total, 0])

    def advance(self):
        self.told[-1][2] += 1

    def say(self, text):
        self.said.append(text)

    def denoised(self):
        return [one for one in self.told if one[0].startswith("denoising")]


def test_equal_requests_give_equal_frames_and_others_give_others(tiny_wan, engine, usual, guide, tmp_path):
    still = static_frames(WINDOW, SIZE)
    other = static_frames(WINDOW, SIZE, seed=4)
    seen = [type(frame)(frame.colour, np.ones_like(frame.visible)) for frame in still]
    changed = {
        "seed": film(engine, guide, seed=4),
        "prompt": film(engine, guide, prompt="a loud street"),
        "erosion": film(engine, guide, erode=6),
        "colour": film(engine, write_guide(tmp_path / "colour", [still[0], *other[1:]])),
        "mask": film(engine, write_guide(tmp_path / "mask", seen)),
        "negative prompt": film(engine_of(tiny_wan, negative_prompt="rain"), guide),
        "guidance": film(engine_of(tiny_wan, guidance=4.0), guide),
        "steps": film(engine_of(tiny_wan, steps=3), guide),
    }

    assert usual.shape == (WINDOW, SIZE[1], SIZE[0], 3)
    assert usual.dtype == np.uint8
    assert np.ptp(usual) > 20
    np.testing.assert_array_equal(film(engine, guide), usual)
    assert [name for name, frames in changed.items() if np.array_equal(frames, usual)] == []


def test_a_long_guide_is_completed_in_windows(tiny_wan, tmp_path):
    listener, long = Listener(), write_guide(tmp_path, static_frames(WINDOW + 2, SIZE))

    got = film(engine_of(tiny_wan, progress=listener), long)

    assert listener.denoised() == [["denoising window 1", 2, 2], ["denoising window 2", 2, 2]]
    assert got.shape == (WINDOW + 2, SIZE[1], SIZE[0], 3)
    assert not np.array_equal(got[0], got[-1])


def test_windows_have_noise_of_their_own(engine):
    first, second = (window_of(engine, index=index) for index in range(2))

    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(window_of(engine, index=1), second)


def test_no_two_windows_of_nearby_seeds_share_their_noise():
    largest = 1 << 64
    seeds = {noise_seed(seed, window) for seed in (*range(40), largest - 1, largest) for window in range(40)}

    assert len(seeds) == 42 * 40
    assert all(0 <= seed < 1 << 63 for seed in seeds)
    assert [noise_seed(seed, 0) for seed in (0, 7, (1 << 63) - 1)] == [0, 7, (1 << 63) - 1]


def test_the_distilled_lora_takes_four_steps_without_guidance(tiny_wan, guide, tmp_path):
    listener, usual = Listener(), film(engine_of(tiny_wan, steps=4, guidance=1.0), guide)
    films = []
    for seed in (7, 8):
        save_file(lora_tensors(seed=seed), tmp_path / f"{seed}.safetensors")
        lora = tmp_path / f"{seed}.safetensors"
        films.append(film(engine_of(tiny_wan, distilled=True, lora=lora, progress=listener, steps=9), guide))
    unmoved = film(engine_of(tiny_wan, distilled=True, lora=lora, negative_prompt="rain"), guide)

    assert [one[1:] for one in listener.denoised()] == [[4, 4], [4, 4]]
    assert not np.array_equal(films[0], films[1])
    assert not np.array_equal(films[1], usual)
    np.testing.assert_array_equal(unmoved, films[1])


def test_a_distilled_lora_that_adds_nothing_still_renoises(tiny_wan, guide, tmp_path):
    still = {name: torch.zeros_like(one) for name, one in lora_tensors().items()}
    save_file(still, tmp_path / "still.safetensors")

    renoised = film(engine_of(tiny_wan, distilled=True, lora=tmp_path / "still.safetensors"), guide)

    assert not np.array_equal(renoised, film(engine_of(tiny_wan, steps=4, guidance=1.0), guide))


class Watch(Listener):
    """Notes at each step whether torch is deterministic."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def advance(self):
        super().advance()
        self.found.add(torch.are_deterministic_algorithms_enabled())


def test_only_where_it_is_asked_for_torch_is_deterministic_and_no_longer(tiny_wan, usual, guide, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")  # so that what is set here is undone
    films = {}
    for asked in (False, True):
        watch = Watch()
        films[asked] = film(engine_of(tiny_wan, deterministic=asked, progress=watch), guide)
        assert watch.found == {asked}

    np.testing.assert_array_equal(films[True], usual)
    assert not torch.are_deterministic_algorithms_enabled()


def test_previews_show_three_frames_side_by_side(tiny_wan, guide, tmp_path):
    import imageio.v3 as images

    looked = film(engine_of(tiny_wan, steps=5, preview_every=2, preview_folder=tmp_path / "looks"), guide)

    assert sorted(file.name for file in (tmp_path / "looks").iterdir()) == [
        "window-1-step-02.png", "window-1-step-04.png"
    ]  # fmt: skip
    early, late = (images.imread(file) for file in sorted((tmp_path / "looks").iterdir()))
    assert early.shape == late.shape == (SIZE[1], 3 * SIZE[0], 3)
    assert not np.array_equal(early, late)
    np.testing.assert_array_equal(looked, film(engine_of(tiny_wan, steps=5), guide))


def test_no_previews_are_written_unasked(usual, looks):
    assert not looks.exists()


def shards(folder):
    return sorted(folder.glob("diffusion_pytorch_model-*.safetensors"))


def test_poisoned_weights_are_told_with_the_step_and_leave_nothing(tiny_wan, guide, copied, tmp_path):
    for shard in shards(copied):
        tensors = load_file(shard)
        if "head.head.bias" in tensors:
            tensors["head.head.bias"][3] = float("nan")
            save_file(tensors, shard)
    looks = tmp_path / "looks"

    with pytest.raises(SynthesisError, match=r"^step 1 of 2: "):
        film(engine_of(tiny_wan, folder=copied, preview_every=1, preview_folder=looks), guide)

    assert not looks.exists()


def test_a_truncated_shard_is_named(tiny_wan, guide, copied):
    shard = shards(copied)[1]
    shard.write_bytes(shard.read_bytes()[:-100])

    with pytest.raises(MissingPart, match=shard.name):
        film(engine_of(tiny_wan, folder=copied), guide)


def test_an_adapter_of_another_model_is_refused(tiny_wan, guide, tmp_path):
    tensors = torch.load(tiny_wan.adapter, weights_only=True)
    tensors["blocks.7.self_attn.q.lora_A.default.weight"] = torch.zeros(4, 32)
    tensors["blocks.7.self_attn.q.lora_B.default.weight"] = torch.zeros(32, 4)
    torch.save(tensors, tmp_path / "other.ckpt")

    with pytest.raises(UserError, match=r"other\.ckpt was made for another model"):
        film(engine_of(tiny_wan, adapter=tmp_path / "other.ckpt"), guide)


@pytest.mark.parametrize("count", [3, 5])
def test_cards_that_cannot_share_a_shot_are_refused(tiny_wan, count):
    with pytest.raises(SynthesisError, match=f"{count} cards cannot share one shot"):
        engine_of(tiny_wan, devices=("cpu",) * count)


def test_float8_on_the_cpu_is_refused(tiny_wan):
    with pytest.raises(SynthesisError, match="fp8 needs a card with float8 units"):
        engine_of(tiny_wan, precision="fp8")


@pytest.mark.parametrize("cards", [2, 4])
def test_several_devices_are_one(tiny_wan, usual, guide, cards):
    several = film(engine_of(tiny_wan, devices=("cpu",) * cards), guide)

    assert levels(several, usual).max() <= (0 if cards == 2 else 1)


def test_two_devices_without_guidance_share_the_tokens(tiny_wan, guide):
    one, two = (film(engine_of(tiny_wan, devices=("cpu",) * count, guidance=1.0), guide) for count in (1, 2))

    assert levels(two, one).max() <= 1


@pytest.mark.parametrize(("cards", "guidance", "usable"), [(2, 5.0, True), (2, 1.0, False), (4, 5.0, False)])
def test_a_cache_needs_a_card_for_all_tokens(tiny_wan, cards, guidance, usable):
    def opened():
        return engine_of(tiny_wan, devices=("cpu",) * cards, guidance=guidance, cache=0.1)

    if usable:
        opened()
        return
    with pytest.raises(SynthesisError, match="cache needs a card for all tokens"):
        opened()


def test_a_cache_that_skips_is_heard(tiny_wan, usual, guide):
    """Of two steps the second repeats what the blocks added in the first."""
    assert not np.array_equal(film(engine_of(tiny_wan, cache=1e9), guide), usual)
    np.testing.assert_array_equal(film(engine_of(tiny_wan, cache=1e-9), guide), usual)


def test_bfloat16_is_near_float32(tiny_wan, exact):
    """The bound that cards are held to, too."""
    rounded = window_of(engine_of(tiny_wan, precision="bf16"))

    assert 0 < levels(rounded, exact).mean() < 2.5


def test_previews_of_two_shots_do_not_replace_each_other(tiny_wan, guide, tmp_path):
    engine = engine_of(tiny_wan, steps=1, preview_every=1, preview_folder=tmp_path / "looks")

    for title in ("swing", "float"):
        list(engine.synthesize(guide, SynthesisRequest(title=title)))

    assert {file.name.split("-")[0] for file in (tmp_path / "looks").iterdir()} == {"swing", "float"}
