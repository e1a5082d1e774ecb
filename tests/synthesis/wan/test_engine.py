"""The whole engine with tiny weights: what counts, what is refused, and what is left behind."""

import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ex4d.errors import MissingPart, SynthesisError, UserError
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.vram import GB, WAN_14B, plan_memory
from ex4d.synthesis.wan import text
from ex4d.synthesis.wan.engine import Ex4dEngine, noise_seed
from ex4d.synthesis.wan.prompt_files import write_prompt_embeds
from ex4d.synthesis.wan.prompts import EmbeddedPrompts
from ex4d.synthesis.wan.text import padded
from tests.synthesis.small_guides import static_frames, write_guide
from tests.synthesis.wan.random_transformer import draw
from tests.synthesis.wan.tiny_wan import FEATURES, lora_tensors

SIZE, WINDOW = (48, 32), 5
REQUEST = SynthesisRequest("a quiet street", seed=3, erode=2)


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


@pytest.fixture(scope="module", autouse=True)
def prompts_folder(tmp_path_factory):
    """Embedded prompts are kept where nobody else's are."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield cache / "ex4d" / "prompts"


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    return write_guide(tmp_path_factory.mktemp("guide"), static_frames(WINDOW, SIZE))


@pytest.fixture(scope="module")
def looks(tmp_path_factory):
    """Where previews would go that nobody asked for."""
    return tmp_path_factory.mktemp("looks") / "unasked"


@pytest.fixture(scope="module")
def engine(tiny_wan, looks):
    """The usual one, which tests share."""
    return engine_of(tiny_wan, preview_folder=looks)


@pytest.fixture(scope="module")
def usual(engine, guide):
    """The usual engine's frames."""
    return film(engine, guide)


def engine_of(tiny, *, devices=("cpu",), folder=None, adapter=None, lora=None, progress=None, **changes):
    settings = DiffusionSettings(**{"size": SIZE, "window": WINDOW, "steps": 2, "overlap": 1} | changes)
    listening = {} if progress is None else {"progress": progress}
    return Ex4dEngine(
        folder or tiny.original, adapter or tiny.adapter, settings, devices=devices, distilled_lora=lora, **listening
    )


def film(engine, guide, **changes):
    return np.stack(list(engine.synthesize(guide, SynthesisRequest(**{**vars(REQUEST), **changes}))))


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache without any embedded prompt."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ex4d" / "prompts"


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


def test_both_layouts_of_the_weights_are_one(tiny_wan, usual, guide, own_cache):
    np.testing.assert_array_equal(film(engine_of(tiny_wan, folder=tiny_wan.diffusers), guide), usual)
    assert len(list(own_cache.iterdir())) == 2, "its own text encoder embedded both prompts"


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


def test_only_where_it_is_asked_for_torch_is_deterministic(tiny_wan, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")  # so that what is set here is undone
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    try:
        seen = [engine_of(tiny_wan, deterministic=asked) and torch.are_deterministic_algorithms_enabled()
                for asked in (False, True)]  # fmt: skip
    finally:
        torch.use_deterministic_algorithms(False)

    assert seen == [False, True]


def test_without_guidance_there_is_no_negative_prompt(tiny_wan, guide):
    one, other = (film(engine_of(tiny_wan, guidance=1.0, negative_prompt=words), guide) for words in ("rain", "sun"))

    np.testing.assert_array_equal(one, other)


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


@pytest.fixture
def copied(tiny_wan, tmp_path):
    """A folder of the weights that a test may damage."""
    return shutil.copytree(tiny_wan.original, tmp_path / "weights")


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


def test_a_missing_text_encoder_is_named_with_what_does_without(tiny_wan, guide, copied):
    next(copied.glob("models_t5*")).unlink()

    with pytest.raises(MissingPart, match=r"(?s)models_t5.*missing.*--prompt-embeds"):
        film(engine_of(tiny_wan, folder=copied), guide)


def test_an_adapter_of_another_model_is_refused(tiny_wan, guide, tmp_path):
    tensors = torch.load(tiny_wan.adapter, weights_only=True)
    tensors["blocks.7.self_attn.q.lora_A.default.weight"] = torch.zeros(4, 32)
    tensors["blocks.7.self_attn.q.lora_B.default.weight"] = torch.zeros(32, 4)
    torch.save(tensors, tmp_path / "other.ckpt")

    with pytest.raises(UserError, match=r"other\.ckpt was made for another model"):
        film(engine_of(tiny_wan, adapter=tmp_path / "other.ckpt"), guide)


def test_the_text_encoder_is_not_opened_for_prompts_that_are_kept(tiny_wan, usual, guide, copied, monkeypatch):
    """They are known by the files that made them, not by the folder where those lay."""

    class OpenedError(Exception):
        pass

    def opened(*_, **__):
        raise OpenedError

    monkeypatch.setattr(text, "load_text_encoder", opened)

    np.testing.assert_array_equal(film(engine_of(tiny_wan, folder=copied), guide), usual)
    with pytest.raises(OpenedError):
        film(engine_of(tiny_wan, folder=copied), guide, prompt="a prompt that is not kept")


def test_a_prompt_is_embedded_anew_where_the_tokenizer_is_another(tiny_wan, usual, guide, copied):
    shutil.rmtree(copied / "google")

    with pytest.raises(MissingPart, match="tokenizer"):
        film(engine_of(tiny_wan, folder=copied), guide)


def test_embedded_prompts_that_are_brought_are_those_of_the_text_encoder(tiny_wan, guide, copied, own_cache, tmp_path):
    wanted = film(engine_of(tiny_wan, folder=copied), guide)
    kept = [load_file(file)["features"] for file in own_cache.iterdir()]
    prompt, negative = sorted(kept, key=len)  # the negative prompt is by far the longer one
    write_prompt_embeds(tmp_path / "own.safetensors", prompt, negative)
    write_prompt_embeds(tmp_path / "swapped.safetensors", negative, prompt)
    next(copied.glob("models_t5*")).unlink()

    own, swapped = (
        film(engine_of(tiny_wan, folder=copied, prompt_embeds=tmp_path / f"{name}.safetensors"), guide)
        for name in ("own", "swapped")
    )

    np.testing.assert_array_equal(own, wanted)
    assert not np.array_equal(swapped, wanted)


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


def window_of(engine, size=SIZE, *, frames=WINDOW, index=0):
    """Return one window's frames, without a guide on the disk and without a text encoder."""
    shown = static_frames(frames, size)
    prompts = EmbeddedPrompts(*(padded(draw(9, FEATURES, seed=1 + k)) for k in range(2)))
    colour, visible = np.stack([one.colour for one in shown]), np.stack([one.visible for one in shown])
    return engine.complete(colour, visible, index, prompts=prompts, seed=0)


@pytest.fixture(scope="module")
def exact(engine):
    """A window in float32."""
    return window_of(engine)


def levels(one, other):
    return np.abs(one.astype(int) - other)


def test_bfloat16_is_near_float32(tiny_wan, exact):
    """The bound that cards are held to below."""
    rounded = window_of(engine_of(tiny_wan, precision="bf16"))

    assert 0 < levels(rounded, exact).mean() < 2.5


gpu = pytest.mark.gpu
needs_cards = [pytest.mark.skipif(torch.cuda.device_count() < n, reason=f"needs {n} CUDA devices") for n in range(3)]


@gpu
@needs_cards[1]
@pytest.mark.parametrize("precision", ["reference", "bf16"])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_cards_frames_are_near_those_of_float32(tiny_wan, exact, precision, compiled):
    """On a card every model is bfloat16; 2.5 levels in the mean are what that costs on the CPU, too."""
    got = window_of(engine_of(tiny_wan, devices=("cuda:0",), precision=precision, compile=compiled))

    assert levels(got, exact).mean() < 2.5


@gpu
@needs_cards[2]
def test_two_cards_are_one(tiny_wan):
    one, two = (window_of(engine_of(tiny_wan, devices=("cuda:0", "cuda:1")[:count], compile=False)) for count in (1, 2))

    np.testing.assert_array_equal(two, one)


@gpu
@needs_cards[1]
def test_a_stated_size_of_the_card_changes_no_bit(tiny_wan):
    size, frames = (384, 384), 13
    changes = {"size": size, "window": frames, "compile": False, "devices": ("cuda:0",)}
    asked = DiffusionSettings(size=size, window=frames, overlap=1, compile=False, vram_gb=6)
    plan = plan_memory(WAN_14B, asked, float(6 * GB))
    assert plan.resident_blocks < 2 and not plan.tile_vae, "else nothing streams, or the VAE does other work"

    usual = window_of(engine_of(tiny_wan, **changes), size, frames=frames)
    try:
        streamed = engine_of(tiny_wan, vram_gb=6, **changes)
        first, again = (window_of(streamed, size, frames=frames) for _ in range(2))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, 0)

    np.testing.assert_array_equal(first, usual)
    np.testing.assert_array_equal(again, usual)


def test_previews_of_two_shots_do_not_replace_each_other(tiny_wan, guide, tmp_path):
    engine = engine_of(tiny_wan, steps=1, preview_every=1, preview_folder=tmp_path / "looks")

    for title in ("swing", "float"):
        list(engine.synthesize(guide, SynthesisRequest(title=title)))

    assert {file.name.split("-")[0] for file in (tmp_path / "looks").iterdir()} == {"swing", "float"}
