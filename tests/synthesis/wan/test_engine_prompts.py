"""What the engine with tiny weights makes of prompts, and when it needs the text encoder for them."""

import shutil

import numpy as np
import pytest
from safetensors.torch import load_file

from ex4d.errors import MissingPart
from ex4d.synthesis.wan import text
from ex4d.synthesis.wan.prompt_files import write_prompt_embeds
from tests.synthesis.wan.films import engine_of, film

pytestmark = pytest.mark.usefixtures("prompts_folder")


def test_both_layouts_of_the_weights_are_one(tiny_wan, usual, guide, own_cache):
    np.testing.assert_array_equal(film(engine_of(tiny_wan, folder=tiny_wan.diffusers), guide), usual)
    assert len(list(own_cache.iterdir())) == 2, "its own text encoder embedded both prompts"


def test_without_guidance_there_is_no_negative_prompt(tiny_wan, guide):
    one, other = (film(engine_of(tiny_wan, guidance=1.0, negative_prompt=words), guide) for words in ("rain", "sun"))

    np.testing.assert_array_equal(one, other)


def test_a_missing_text_encoder_is_named_with_what_does_without(tiny_wan, guide, copied):
    next(copied.glob("models_t5*")).unlink()

    with pytest.raises(MissingPart, match=r"(?s)models_t5.*missing.*--prompt-embeds"):
        film(engine_of(tiny_wan, folder=copied), guide)


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
