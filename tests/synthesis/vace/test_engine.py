"""What the VACE engine makes of a guide, with a tiny model that is real but for its size."""

import numpy as np
import pytest
import torch

from ex4d.errors import MissingPart, SynthesisError
from ex4d.progress import SILENT
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest, Synthesizer
from ex4d.synthesis.vace.engine import VaceEngine, WindowCompleter
from ex4d.synthesis.vace.loading import load_pipeline
from ex4d.synthesis.wan.text import NEGATIVE_PROMPT
from tests.synthesis.vace.tiny_vace import SIZE, tiny_guide

SETTINGS = DiffusionSettings(steps=2, guidance=2.0, size=SIZE, window=5, overlap=1)
REQUEST = SynthesisRequest(prompt="a dim lamp", seed=7)


@pytest.fixture(scope="module")
def pipeline(tiny_vace):
    return load_pipeline(tiny_vace, torch.float32, shift=3.0)


@pytest.fixture(scope="module")
def complete(pipeline):
    """Complete the tiny guide, with what is given in place of what is usual."""

    def completed(*, settings=SETTINGS, guide=None, progress=SILENT, window=0, **wishes):
        request = SynthesisRequest(**{"prompt": REQUEST.prompt, "seed": REQUEST.seed, **wishes})
        return WindowCompleter(pipeline, settings, request, progress)(*(guide or tiny_guide()), window)

    return completed


@pytest.fixture(scope="module")
def usual(complete):
    return complete()


class Listener:
    """Keeps what it is told; after ``steps`` steps it does what it was given to do."""

    def __init__(self, steps=-1, then=lambda: None):
        self.told, self.steps, self.then = [], steps, then

    def begin(self, task, total):
        self.told.append((task, total))

    def advance(self):
        self.told.append("step")
        if self.told.count("step") == self.steps:
            self.then()

    def say(self, text):
        self.told.append(text)


def raising(error):
    def then():
        raise error

    return then


@pytest.mark.parametrize("frames", [1, 5, 9])
def test_each_frame_of_a_window_gives_one_of_its_size(complete, frames):
    completed = complete(guide=tiny_guide(frames=frames))

    assert completed.shape == (frames, SIZE[1], SIZE[0], 3)
    assert completed.dtype == np.uint8
    assert np.ptp(completed) > 20


def test_equal_requests_give_equal_frames(complete, usual):
    np.testing.assert_array_equal(complete(), usual)


def test_determinism_changes_neither_the_frames_nor_what_comes_after(complete, usual):
    np.testing.assert_array_equal(complete(settings=replaced(deterministic=True)), usual)

    assert not torch.are_deterministic_algorithms_enabled()


def test_a_window_does_not_depend_on_its_place(complete, usual):
    np.testing.assert_array_equal(complete(window=4), usual)


def test_inputs_are_untouched(complete):
    colour, visible = tiny_guide()

    complete(guide=(colour, visible))

    for now, then in zip((colour, visible), tiny_guide(), strict=True):
        np.testing.assert_array_equal(now, then)


def test_seed_prompt_steps_and_guidance_each_change_the_frames(complete, usual):
    others = [
        complete(seed=8),
        complete(prompt="a dim lake"),
        complete(settings=replaced(steps=3)),
        complete(settings=replaced(guidance=1.0)),
        complete(settings=replaced(negative_prompt="flame")),
    ]

    assert all((other != usual).any() for other in others)


def test_without_guidance_the_negative_prompt_is_not_read(complete):
    one, other = (complete(settings=replaced(guidance=1.0, negative_prompt=text)) for text in ("flame", "oil"))

    np.testing.assert_array_equal(one, other)


def test_the_negative_prompt_is_wan_s_own_unless_another_is_given(complete, usual):
    np.testing.assert_array_equal(complete(settings=replaced(negative_prompt=NEGATIVE_PROMPT)), usual)
    assert (complete(settings=replaced(negative_prompt="")) != usual).any()


def test_colour_and_mask_each_change_the_frames(complete, usual):
    colour, visible = tiny_guide()
    recoloured = np.where(visible[..., None], 255 - colour, 0).astype(np.uint8)
    grey_seen = np.where(visible[..., None], colour, 128).astype(np.uint8)

    assert (complete(guide=(recoloured, visible)) != usual).any()
    assert (complete(guide=(grey_seen, np.ones_like(visible))) != usual).any()


def test_colours_in_holes_are_not_read(complete, usual):
    colour, visible = tiny_guide()

    completed = complete(guide=(np.where(visible[..., None], colour, 77).astype(np.uint8), visible))

    np.testing.assert_array_equal(completed, usual)


def test_each_step_is_told(complete):
    listener = Listener()

    complete(progress=listener, window=2)

    assert listener.told == [("window 3: VACE", 2), "step", "step"]


def test_an_interrupt_between_steps_ends_the_work_and_harms_no_later_one(complete, usual):
    listener = Listener(steps=1, then=raising(KeyboardInterrupt()))

    with pytest.raises(KeyboardInterrupt):
        complete(progress=listener)

    assert listener.told.count("step") == 1
    np.testing.assert_array_equal(complete(), usual)


def test_latents_that_are_not_finite_end_the_work_and_name_the_step(tiny_vace):
    pipeline = load_pipeline(tiny_vace, torch.float32, shift=3.0)
    listener = Listener(steps=1, then=lambda: pipeline.transformer.proj_out.bias.fill_(torch.nan))

    with pytest.raises(SynthesisError, match="window 2, step 2 of 2: the latents are not finite"):
        WindowCompleter(pipeline, SETTINGS, REQUEST, listener)(*tiny_guide(), 1)

    assert listener.told.count("step") == 1


def test_a_vae_that_gives_no_numbers_is_an_error(tiny_vace):
    pipeline = load_pipeline(tiny_vace, torch.float32, shift=3.0)
    pipeline.vae.decoder.conv_out.bias.fill_(torch.nan)

    with pytest.raises(SynthesisError, match="frames are not finite"):
        WindowCompleter(pipeline, SETTINGS, REQUEST, SILENT)(*tiny_guide(), 0)


def test_a_full_card_is_an_error_that_says_what_to_change(complete):
    with pytest.raises(SynthesisError, match=r"too small for 5 frames of 48x32; .*vram"):
        complete(progress=Listener(steps=1, then=raising(torch.OutOfMemoryError("full"))))


def test_the_engine_is_a_synthesizer_that_completes_as_its_windows_do(tiny_vace, usual):
    listener = Listener()

    engine = VaceEngine(tiny_vace, SETTINGS, device="cpu", progress=listener)

    assert isinstance(engine, Synthesizer)
    assert listener.told == [("load Wan2.1-VACE-tiny", 5), *["step"] * 5]
    np.testing.assert_array_equal(engine.completer(REQUEST)(*tiny_guide(), 0), usual)


def test_an_absent_card_is_named(tiny_vace):
    absent = f"cuda:{torch.cuda.device_count()}"

    with pytest.raises(MissingPart, match=f"no graphics card {absent} here"):
        VaceEngine(tiny_vace, SETTINGS, device=absent)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("changes", [{}, {"deterministic": True}, {"vram_gb": 6.0, "size": (1024, 1024)}])
def test_a_card_gives_equal_frames_for_equal_requests(tiny_vace, changes):
    engine = VaceEngine(tiny_vace, replaced(**changes), device="cuda")

    one, other = (engine.completer(REQUEST)(*tiny_guide(), 0) for _ in range(2))

    np.testing.assert_array_equal(one, other)
    assert np.ptp(one) > 20


def replaced(**changes):
    return DiffusionSettings(**{**vars(SETTINGS), **changes})
