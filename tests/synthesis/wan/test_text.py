"""Prompts are embedded as EX-4D embeds them, once; the text encoder is not touched where the embeddings are there."""

import gc
import shutil
import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from transformers import UMT5EncoderModel
from transformers.models.umt5.modeling_umt5 import UMT5Stack

from ex4d.errors import MissingPart, OutputError, SynthesisError, UserError
from ex4d.progress import SILENT
from ex4d.synthesis.wan.loading import load_text_encoder
from ex4d.synthesis.wan.prompt_files import (
    WORDS,
    PromptCache,
    encoder_identity,
    read_prompt_embeds,
    write_prompt_embeds,
)
from ex4d.synthesis.wan.text import (
    NEGATIVE_PROMPT,
    PROMPT,
    cleaned,
    embed_prompts,
    open_tokenizer,
    padded,
    prompt_features,
    prompt_tokens,
    tokenizer_files,
)
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from tests.synthesis.wan.reference import CPU, TOLERANCE, error, golden, wan_folder
from tests.synthesis.wan.tiny_wan import FEATURES


@pytest.mark.parametrize("which", ["prompt", "negative"])
def test_features_of_the_true_tokens_are_the_references(which):
    encoder = load_text_encoder(wan_folder(), torch.float32, CPU)
    features = prompt_features(encoder, golden()[f"{which}_ids"], golden()[f"{which}_mask"])

    assert error(features, golden()[f"{which}_features"]) < TOLERANCE


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("  a \n\t b  ", "a b"),
        ("&amp;amp; &lt;b&gt;", "& <b>"),
        ("< &amp;amp; >", "< & >"),
        ("schÃ¶n", "schön"),
        (PROMPT, PROMPT),
        (NEGATIVE_PROMPT, NEGATIVE_PROMPT),
    ],
)
def test_prompts_are_cleaned_as_the_original_does(given, read):
    assert cleaned(given) == read


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text("abcé, ", min_size=1), min_size=1).map(" \n ".join))
def test_white_space_is_single_and_cleaning_again_changes_nothing(text):
    once = cleaned(text)

    assert once == " ".join(once.split())
    assert cleaned(once) == once


@pytest.mark.parametrize("layout", ["original", "diffusers"])
def test_tokens_end_with_the_end_and_are_padded_with_nothing(tiny_wan, layout):
    folder = find_wan_folder(getattr(tiny_wan, layout))
    ids, mask = prompt_tokens(open_tokenizer(folder.tokenizer), "a motion b")
    true = int(mask.sum())

    assert ids.shape == mask.shape == (1, WORDS)
    assert ids[0, true - 1] == 1
    assert not ids[0, true:].any()
    assert not mask[0, true:].any()


def test_a_prompt_that_is_too_long_is_cut_and_the_user_told(tiny_wan):
    told = []
    progress = SimpleNamespace(begin=SILENT.begin, advance=SILENT.advance, say=told.append)
    tokenizer = open_tokenizer(find_wan_folder(tiny_wan.original).tokenizer)
    ids, mask = prompt_tokens(tokenizer, "a" * 600, progress=progress)

    assert ids[0, -1] == 1
    assert mask.all()
    assert told == ["the prompt is longer than 512 tokens; the model does not read its end"]
    prompt_tokens(tokenizer, "a" * (WORDS - 2), progress=progress)
    assert len(told) == 1


def test_padding_adds_zeros_only():
    features = torch.ones(3, 5)
    rows = padded(features)

    assert rows.shape == (1, WORDS, 5)
    assert torch.equal(rows[0, :3], features)
    assert not rows[0, 3:].any()


def embed(folder, cache, prompts=("one, motion", "two"), *, stream=False, progress=SILENT):
    return embed_prompts(
        prompts, folder, cache=cache, dtype=torch.float32, device=CPU, stream=stream, progress=progress
    )


@pytest.fixture
def folder(tiny_wan):
    return find_wan_folder(tiny_wan.original)


@pytest.fixture
def cache(tmp_path, folder):
    return PromptCache(tmp_path / "prompts", encoder_identity(folder.files("text_encoder"), torch.float32))


def test_prompts_that_were_embedded_need_no_text_encoder(folder, cache, tmp_path):
    first = embed(folder, cache)
    shutil.copytree(folder.root, tmp_path / "bare", ignore=shutil.ignore_patterns("models_t5*", "google"))
    bare = replace(folder, root=tmp_path / "bare")
    again = embed(bare, cache, ("  one,   motion", "two"))

    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    with pytest.raises(MissingPart, match="umt5-xxl"):
        embed(bare, cache, ("three",))


def test_features_are_those_of_the_encoder_and_differ_by_prompt(folder, cache):
    one, two = embed(folder, cache)
    encoder = load_text_encoder(folder, torch.float32, CPU)
    alone = prompt_features(encoder, *prompt_tokens(open_tokenizer(folder.tokenizer), "two"))

    assert torch.equal(two, alone)
    assert one.shape[1] == two.shape[1] == FEATURES
    assert len(one) != len(two)


def test_layers_that_come_by_turns_give_the_same(folder, cache, tmp_path):
    streamed = embed(folder, replace(cache, folder=tmp_path / "other"), stream=True)

    assert all(torch.equal(one, other) for one, other in zip(embed(folder, cache), streamed, strict=True))


def test_another_encoder_or_type_does_not_share_the_cache(folder, cache):
    embed(folder, cache)
    other = encoder_identity(folder.files("text_encoder"), torch.bfloat16)

    assert cache.read("two") is not None
    assert replace(cache, encoder=other).read("two") is None
    assert encoder_identity(folder.files("vae"), torch.float32) != cache.encoder


def test_another_tokenizer_does_not_share_the_cache(folder, tmp_path):
    tokenizer = shutil.copytree(folder.tokenizer, tmp_path / "tokenizer")
    weights = folder.files("text_encoder")

    def identity():
        return encoder_identity((*weights, *tokenizer_files(tokenizer)), torch.float32)

    first = identity()
    (tokenizer / ".cache").write_text("of no matter")
    assert identity() == first == encoder_identity((*weights, *tokenizer_files(folder.tokenizer)), torch.float32)
    settings = tokenizer / "tokenizer.json"
    settings.write_text(settings.read_text().replace("motion", "notion"))
    assert identity() != first
    assert tokenizer_files(tmp_path / "none") == ()


class Listener:
    """Keeps what it is told."""

    def __init__(self):
        self.told: list[str] = []

    def begin(self, task, total): ...

    def advance(self): ...

    def say(self, text):
        self.told.append(text)


@pytest.fixture
def parameters(monkeypatch):
    """References to the parameters of every text encoder that is put to work, which do not keep them."""
    seen = []
    forward = UMT5EncoderModel.forward

    def watched(self, *given, **named):
        seen.extend(map(weakref.ref, self.parameters()))
        return forward(self, *given, **named)

    monkeypatch.setattr(UMT5EncoderModel, "forward", watched)
    return seen


@pytest.fixture
def no_chance_collection():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_chance_collection")
@pytest.mark.parametrize("stream", [False, True])
def test_nothing_of_the_encoder_is_left_when_prompts_are_embedded(folder, cache, parameters, stream):
    made = embed(folder, cache, stream=stream)

    assert len(made) == 2
    assert parameters
    assert not any(one() is not None for one in parameters)


@pytest.mark.usefixtures("no_chance_collection")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (torch.OutOfMemoryError, (SynthesisError, "state less than it has with --vram")),
        (RuntimeError, (RuntimeError, "a kernel failed")),
    ],
)
def test_nothing_of_the_encoder_is_left_after_an_error(folder, cache, parameters, monkeypatch, stream, fault, told):
    def failing(*_, **__):
        raise fault("a kernel failed")

    monkeypatch.setattr(UMT5Stack, "forward", failing)
    with pytest.raises(told[0], match=told[1]) as kept:
        embed(folder, cache, stream=stream)

    assert parameters
    assert not any(one() is not None for one in parameters)
    assert fault in {type(kept.value), type(kept.value.__cause__)}


@pytest.mark.parametrize("obstacle", ["a file in the folder's place", "a folder in each file's place"])
def test_a_cache_that_cannot_be_written_is_said_once_and_done_without(folder, cache, tmp_path, obstacle):
    expected = embed(folder, replace(cache, folder=tmp_path / "other"))
    if obstacle.startswith("a file"):
        cache.folder.write_text("")
    else:
        for file in (tmp_path / "other").iterdir():
            (cache.folder / file.name / "within").mkdir(parents=True)
    listener = Listener()
    made = embed(folder, cache, progress=listener)

    assert all(torch.equal(one, other) for one, other in zip(made, expected, strict=True))
    (text,) = listener.told
    assert text.startswith("embedded prompts are not kept for the next run: ")
    assert str(cache.folder) in text


def test_a_disk_that_fills_up_is_told_as_any_place_that_cannot_be_written(cache, monkeypatch):
    def full(*_):
        raise SafetensorError("No space left on device")

    monkeypatch.setattr("ex4d.synthesis.wan.prompt_files.save_file", full)
    with pytest.raises(OutputError, match="No space left"):
        cache.write("one", torch.ones(1, 2))


def test_the_same_features_are_the_same_bytes(tmp_path):
    caches = [PromptCache(tmp_path / str(index), "encoder") for index in range(8)]
    for one in caches:
        one.write("a prompt", torch.ones(1, 2))

    assert len({file.read_bytes() for one in caches for file in one.folder.iterdir()}) == 1


@pytest.mark.parametrize("damage", ["cut", "empty", "of another prompt", "not finite", "misshapen"])
def test_damaged_files_of_the_cache_are_made_again(folder, cache, damage):
    whole, _ = embed(folder, cache)
    files = sorted(cache.folder.iterdir())
    for file in files:
        with safe_open(file, framework="pt") as opened:
            tensors, metadata = load_file(file), opened.metadata()
        if damage == "cut":
            file.write_bytes(file.read_bytes()[:-9])
        elif damage == "empty":
            file.write_bytes(b"")
        elif damage == "of another prompt":
            save_file(tensors, file, {name: words.replace("one", "another") for name, words in metadata.items()})
        elif damage == "not finite":
            save_file({"features": tensors["features"] / 0}, file, metadata)
        else:
            save_file({"features": torch.zeros(600, FEATURES)}, file, metadata)
    assert cache.read("one, motion") is None

    assert torch.equal(embed(folder, cache)[0], whole)
    assert torch.equal(cache.read("one, motion"), whole)
    assert sorted(cache.folder.iterdir()) == files


def test_embeds_that_a_user_brings_come_back_as_they_were(tmp_path):
    prompt, negative = torch.randn(4, 8).bfloat16(), torch.randn(9, 8)
    write_prompt_embeds(tmp_path / "embeds.safetensors", prompt, negative)
    read = read_prompt_embeds(tmp_path / "embeds.safetensors", text_features=8)

    assert torch.equal(read[0], prompt)
    assert torch.equal(read[1], negative)


def test_embeds_may_have_a_leading_axis_of_one(tmp_path):
    save_file({"prompt": torch.ones(1, WORDS, 8), "negative": torch.ones(3, 8)}, tmp_path / "embeds.safetensors")

    assert read_prompt_embeds(tmp_path / "embeds.safetensors", text_features=8)[0].shape == (WORDS, 8)


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ({"prompt": torch.ones(3, 8)}, "negative"),
        ({"prompt": torch.ones(3, 8), "negative": torch.ones(3, 7)}, "'negative' has rows of 7, the model reads 8"),
        ({"prompt": torch.ones(513, 8), "negative": torch.ones(3, 8)}, r"\(513, 8\)"),
        ({"prompt": torch.ones(3, 8) / 0, "negative": torch.ones(3, 8)}, "not finite"),
        ({"prompt": torch.ones(3, 8, dtype=torch.int64), "negative": torch.ones(3, 8)}, "int64"),
    ],
)
def test_embeds_that_cannot_be_used_are_refused_with_the_reason(tmp_path, tensors, told):
    save_file(tensors, tmp_path / "embeds.safetensors")
    with pytest.raises(UserError, match=told):
        read_prompt_embeds(tmp_path / "embeds.safetensors", text_features=8)


def test_embeds_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"none\.safetensors cannot be used as embedded prompts"):
        read_prompt_embeds(tmp_path / "none.safetensors", text_features=8)


def test_a_tokenizer_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(MissingPart, match="cannot be read as a tokenizer"):
        open_tokenizer(tmp_path)
    with pytest.raises(MissingPart, match=r"is missing.*ex4d models pull wan2.*--prompt-embeds"):
        open_tokenizer(tmp_path / "none")
