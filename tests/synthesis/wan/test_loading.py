"""A checkpoint is loaded whole or refused with all that is wrong with it; both layouts are the same model."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from ex4d.errors import MissingPart
from ex4d.synthesis.wan.loading import (
    load_image_encoder,
    load_text_encoder,
    load_transformer,
    load_vae,
)
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from tests.synthesis.wan.reference import CPU
from tests.synthesis.wan.tiny_wan import models, original_tensors, write_shards

META = torch.device("meta")


def transformer(folder, dtype=torch.float32, device_of=lambda _: CPU):
    return load_transformer(folder, dtype=dtype, device_of=device_of, fuse=True)


LOADERS = {
    "transformer": transformer,
    "vae": lambda folder, dtype: load_vae(folder, dtype, CPU),
    "image_encoder": lambda folder, dtype: load_image_encoder(folder, dtype, CPU),
    "text_encoder": lambda folder, dtype: load_text_encoder(folder, dtype, CPU),
}
PICKLED = {
    "vae": "Wan2.1_VAE.pth",
    "image_encoder": "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
    "text_encoder": "models_t5_umt5-xxl-enc-bf16.pth",
}


@pytest.fixture
def copied(tiny_wan, tmp_path):
    """A checkpoint in the original layout that a test may spoil."""
    return shutil.copytree(tiny_wan.original, tmp_path / "wan")


def rewrite(root, part, change):
    """Change the tensors of a part of a checkpoint in the original layout."""
    tensors = dict(original_tensors()[PICKLED.get(part, part)])
    change(tensors)
    if part == "transformer":
        write_shards(root, tensors)
    else:
        torch.save(tensors, root / PICKLED[part])


@pytest.mark.parametrize("layout", ["original", "diffusers"])
@pytest.mark.parametrize("part", LOADERS)
def test_every_parameter_is_the_one_that_was_written_in_either_layout(tiny_wan, part, layout):
    folder = find_wan_folder(getattr(tiny_wan, layout))
    loaded = LOADERS[part](folder, torch.bfloat16).state_dict()
    written = models()[part].state_dict()

    assert folder.layout == layout
    assert loaded.keys() == written.keys()
    assert all(torch.equal(loaded[name].to(torch.bfloat16), one) for name, one in written.items())


@pytest.mark.parametrize("layout", ["original", "diffusers"])
def test_heads_are_those_of_the_settings_or_of_the_published_model(tiny_wan, layout):
    folder = find_wan_folder(getattr(tiny_wan, layout))

    assert transformer(folder).config.num_attention_heads == 2
    assert load_image_encoder(folder, torch.float32, CPU).config.num_attention_heads == 2
    assert load_text_encoder(folder, torch.float32, CPU).config.num_heads == 4


def test_small_parameters_stay_in_float32_and_all_else_is_as_asked(tiny_wan):
    loaded = transformer(find_wan_folder(tiny_wan.original), torch.bfloat16)
    kept = {name for name, one in loaded.named_parameters() if one.dtype is torch.float32}
    others = {one.dtype for name, one in loaded.named_parameters() if name not in kept}

    assert others == {torch.bfloat16}
    assert {name.replace("blocks.0.", "").replace("blocks.1.", "") for name in kept} == {
        "scale_shift_table",
        "norm2.weight",
        "norm2.bias",
        *(f"condition_embedder.time_embedder.linear_{which}.{what}" for which in "12" for what in ("weight", "bias")),
        *(f"condition_embedder.image_embedder.norm{which}.{what}" for which in "12" for what in ("weight", "bias")),
    }
    assert not any(one.requires_grad for one in loaded.parameters())


def test_each_parameter_and_buffer_goes_where_it_is_to_live(tiny_wan):
    def device_of(name):
        return META if name.startswith("blocks.1.") or name == "rope.freqs_cos" else CPU

    loaded = transformer(find_wan_folder(tiny_wan.original), device_of=device_of)
    places = {name: one.device for name, one in [*loaded.named_parameters(), *loaded.named_buffers()]}

    assert places == {name: device_of(name) for name in places}
    assert {CPU, META} == set(places.values())


@pytest.mark.parametrize("part", LOADERS)
def test_all_tensors_that_are_missing_or_needless_or_misshapen_are_named_at_once(copied, part):
    victims = {
        "transformer": ("blocks.1.cross_attn.k_img.weight", "blocks.0.ffn.2.bias"),
        "vae": ("decoder.middle.0.residual.2.weight", "conv1.bias"),
        "image_encoder": ("visual.transformer.1.attn.to_qkv.bias", "visual.pre_norm.bias"),
        "text_encoder": ("blocks.1.attn.o.weight", "norm.weight"),
    }[part]

    def change(tensors):
        tensors["of.nobody"] = tensors.pop(victims[0])
        tensors[victims[1]] = tensors[victims[1]].repeat(2)

    rewrite(copied, part, change)
    with pytest.raises(MissingPart) as refusal:
        LOADERS[part](find_wan_folder(copied), torch.float32)

    text = str(refusal.value)
    assert "of.nobody" in text
    assert f"{victims[1]} is " in text
    assert "missing: " in text
    assert str(copied) in text


def test_the_parts_of_clip_that_have_no_use_here_may_be_missing(copied):
    rewrite(copied, "image_encoder", lambda tensors: [tensors.pop(name) for name in ("visual.head", "log_scale")])

    load_image_encoder(find_wan_folder(copied), torch.float32, CPU)


def test_hundreds_of_names_are_told_as_few(copied):
    def change(tensors):
        for name in [name for name in tensors if ".cross_attn." in name]:
            del tensors[name]

    rewrite(copied, "transformer", change)
    with pytest.raises(MissingPart) as refusal:
        transformer(find_wan_folder(copied))

    assert "blocks.*.attn2.to_q.weight (2 of them)" in str(refusal.value)
    assert len(str(refusal.value)) < 1500


def test_tensors_of_whole_numbers_are_refused(copied):
    rewrite(copied, "vae", lambda tensors: tensors.update({"conv1.bias": torch.zeros(32, dtype=torch.int8)}))
    with pytest.raises(MissingPart, match=r"not floating-point: conv1\.bias"):
        load_vae(find_wan_folder(copied), torch.float32, CPU)


def test_a_tensor_in_two_shards_is_refused(copied):
    first, second = sorted(copied.glob("*.safetensors"))
    save_file(load_file(second) | {"patch_embedding.bias": torch.zeros(32)}, second)
    save_file(load_file(first) | {"patch_embedding.bias": torch.zeros(32)}, first)
    with pytest.raises(MissingPart, match=r"patch_embedding\.bias is in .*, too"):
        transformer(find_wan_folder(copied))


def test_a_tensor_that_is_there_by_both_of_its_names_is_refused(copied):
    def change(tensors):
        tensors["blocks.0.attn1.to_q.bias"] = tensors["blocks.0.self_attn.q.bias"].clone()

    rewrite(copied, "transformer", change)
    with pytest.raises(MissingPart, match=r"given twice: blocks\.0\.attn1\.to_q\.bias"):
        transformer(find_wan_folder(copied))


def test_settings_that_contradict_the_tensors_are_refused(copied):
    settings = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps(settings | {"num_layers": 40, "dim": 5120}))
    with pytest.raises(MissingPart, match=r"dim is 5120 there and 32 .*num_layers is 40 there and 2 "):
        transformer(find_wan_folder(copied))


def test_heads_that_do_not_divide_the_width_are_refused(copied):
    (copied / "config.json").write_text(json.dumps({"num_heads": 5}))
    with pytest.raises(MissingPart, match="width of 32 cannot be shared by 5 heads"):
        transformer(find_wan_folder(copied))


@pytest.mark.parametrize("part", LOADERS)
@pytest.mark.parametrize("kept", [0, 7, 0.5, -1])
def test_a_file_cut_short_is_named(copied, part, kept):
    pattern = PICKLED.get(part, "diffusion_pytorch_model-00002-of-00002.safetensors")
    file = copied / pattern
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    with pytest.raises(MissingPart, match=f"{pattern}.*download it again"):
        LOADERS[part](find_wan_folder(copied), torch.float32)


@pytest.mark.parametrize("index", [True, False])
def test_missing_shards_are_all_named(copied, index):
    for file in copied.glob("*-of-00002.safetensors"):
        file.rename(file.with_name(file.name.replace("00002.", "00003.")))
    kept = copied / "diffusion_pytorch_model-00001-of-00003.safetensors"
    file = copied / "diffusion_pytorch_model.safetensors.index.json"
    if index:
        file.write_text(file.read_text().replace("of-00002", "of-00003"))
    else:
        file.unlink()
    for shard in copied.glob("*-of-00003.safetensors"):
        if shard != kept:
            shard.unlink()
    folder = find_wan_folder(copied)
    with pytest.raises(MissingPart) as refusal:
        transformer(folder)

    missing = folder.missing("transformer")
    assert all(str(file) in str(refusal.value) for file in missing)
    assert len(missing) == (1 if index else 2)


class Meddler:
    """Does something to the files when loading begins, after they were opened."""

    def __init__(self, meddle):
        self.meddle = meddle

    def begin(self, task, total):
        self.meddle()

    def advance(self): ...

    def say(self, text): ...


@pytest.mark.parametrize("file", ["vae", "transformer"])
@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, name: tensors.pop(name),
        lambda tensors, name: tensors.update({"of.nobody": torch.zeros(2)}),
        lambda tensors, name: tensors.update({name: tensors[name].repeat(2)}),
        lambda tensors, name: tensors.update({name: tensors[name].int()}),
        lambda tensors, name: tensors.clear(),
    ],
)
def test_a_file_that_changes_after_it_was_opened_is_named(copied, file, change):
    changed = copied / PICKLED.get(file, "diffusion_pytorch_model-00002-of-00002.safetensors")
    pickled = changed.suffix == ".pth"
    tensors = dict(torch.load(changed) if pickled else load_file(changed))
    change(tensors, next(name for name in tensors if name.endswith("bias")))
    tensors = {name: one.clone() for name, one in tensors.items()}

    def meddle():
        changed.unlink()
        torch.save(tensors, changed) if pickled else save_file(tensors, changed)

    folder, meddler = find_wan_folder(copied), Meddler(meddle)
    with pytest.raises(MissingPart, match=f"{changed} changed while it was loaded: "):
        if pickled:
            load_vae(folder, torch.float32, CPU, progress=meddler)
        else:
            load_transformer(folder, dtype=torch.float32, device_of=lambda _: CPU, fuse=True, progress=meddler)


def test_a_pickle_that_would_build_objects_is_not_opened(copied, tmp_path):
    class Hostile:
        def __reduce__(self):
            return (tmp_path.joinpath("made").mkdir, ())

    torch.save({"conv1.bias": Hostile()}, copied / PICKLED["vae"])
    with pytest.raises(MissingPart, match="cannot be read as weights"):
        load_vae(find_wan_folder(copied), torch.float32, CPU)

    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("found", [{"state": {}}, [1.0], {"conv1.bias": 3}])
def test_a_file_that_is_no_flat_table_is_refused(copied, found):
    torch.save(found, copied / PICKLED["vae"])
    with pytest.raises(MissingPart, match="no flat table of tensors"):
        load_vae(find_wan_folder(copied), torch.float32, CPU)


@pytest.mark.parametrize("text", ["{", "[]", '{"weight_map": {}}', '{"weight_map": {"a": "../other.safetensors"}}'])
def test_an_index_that_is_none_is_refused(copied, text):
    (copied / "diffusion_pytorch_model.safetensors.index.json").write_text(text)
    with pytest.raises(MissingPart, match="is no index of weight files"):
        transformer(find_wan_folder(copied))


def test_a_folder_without_a_transformer_is_no_folder_of_wan(tmp_path):
    with pytest.raises(MissingPart, match="has neither"):
        find_wan_folder(tmp_path)
