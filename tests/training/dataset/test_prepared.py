"""What is prepared is read as it was written, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from ex4d.errors import MediaError, OutputError, SynthesisError, UserError
from ex4d.training.dataset.excerpt_file import (
    NOTES,
    ExcerptNotes,
    packed,
    read_notes,
    read_tensors,
    unpacked,
    write_excerpt,
)
from ex4d.training.dataset.prepared import open_prepared
from tests.training.dataset import made_excerpts as made


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_bits_come_back_as_they_were_packed(frames: int, height: int, width: int, seed: int) -> None:
    visible = np.random.default_rng(seed).random((frames, height, width)) < 0.5
    bits = packed(visible)

    assert len(bits) == -(-visible.size // 8)
    assert np.array_equal(unpacked(bits, frames, height, width), visible)


@given(st.floats(-1000, 1000).filter(lambda number: abs(number) > 2**-14))
def test_a_latent_is_a_2048th_of_itself_off_at_most(number: float) -> None:
    stored = torch.tensor(number, dtype=torch.float64).to(torch.float16)
    assert abs(float(stored) - number) <= 2.0**-11 * abs(number)


def test_an_excerpt_is_read_as_it_was_written(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    (excerpt,) = open_prepared(tmp_path).trained
    written, seen = made.tensors(0), made.visible(0)

    assert (excerpt.notes, excerpt.name, excerpt.prompt) == (made.notes(), "bear-0003", made.PROMPT)
    for draw in range(made.MASKS):
        example = excerpt.example(draw)
        assert torch.equal(example.target, written.target.half().float())
        assert torch.equal(example.image, written.image.half().float())
        assert torch.equal(example.guide, written.guides[draw].half().float())
        assert torch.equal(example.mask, written.masks[draw].half().float())
        assert np.array_equal(excerpt.visible(draw), seen[draw])


def test_the_condition_marks_the_first_frame_s_latents_before_its_picture(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    condition = open_prepared(tmp_path).trained[0].example(0).condition

    assert condition[:4, 0].eq(1).all()
    assert condition[:4, 1:].eq(0).all()
    assert torch.equal(condition[4:], made.tensors(0).first_frame.half().float())


def test_prompts_are_padded_with_zeros_to_what_the_transformer_reads(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    prepared = open_prepared(tmp_path)
    text, negative = prepared.trained[0].example(0).text, prepared.negative_text()

    assert text.shape == negative.shape == (512, made.FEATURES)
    assert text[:3].ne(0).all()
    assert text[3:].eq(0).all()
    assert negative[3].ne(0).all()


def test_held_out_excerpts_are_kept_apart(tmp_path: Path) -> None:
    made.write_made(tmp_path, ("a-0", "b-0", "c-0"), held_out=2)
    prepared = open_prepared(tmp_path)

    assert [one.name for one in prepared.trained] == ["a-0"]
    assert [one.name for one in prepared.held_out] == ["b-0", "c-0"]


def test_the_same_excerpt_is_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        made.write_made(tmp_path / folder)
    assert (tmp_path / "one/bear-0003.safetensors").read_bytes() == (
        tmp_path / "other/bear-0003.safetensors"
    ).read_bytes()


def test_a_file_beside_the_index_that_it_does_not_name_is_not_opened(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    (tmp_path / "stale-0000.safetensors").write_bytes(b"anything")
    assert len(open_prepared(tmp_path).trained) == 1


@pytest.mark.parametrize("keep", [0, 7, 8, 200, -1])
def test_a_file_that_is_cut_short_is_told_with_what_to_do(tmp_path: Path, keep: int) -> None:
    made.write_made(tmp_path)
    file = tmp_path / "dog-0000.safetensors"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(MediaError, match=r"dog-0000.*; delete it and run ex4d train prepare again"):
        open_prepared(tmp_path)


def test_all_damaged_files_are_told_at_once_up_to_a_dozen(tmp_path: Path) -> None:
    names = tuple(f"clip-{index:04}" for index in range(15))
    made.write_made(tmp_path, names, held_out=0)
    for name in names[1:]:
        (tmp_path / f"{name}.safetensors").unlink()
    with pytest.raises(UserError) as fault:
        open_prepared(tmp_path)
    lines = str(fault.value).splitlines()

    assert len(lines) == 13
    assert lines[-1] == "and 2 more"


def _altered(folder: Path, **changes: torch.Tensor | None) -> None:
    """Write the first excerpt anew with other tensors."""
    file = folder / "bear-0003.safetensors"
    table = {name: one for name, one in (load_file(file) | changes).items() if one is not None}
    save_file(table, file, {NOTES: made.notes().as_json()})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"target": None}, "target"),
        ({"guide.1": None}, r"guide\.1"),
        ({"strange": torch.zeros(1)}, "strange"),
        ({"guide.0": torch.zeros(16, 2, 4, 7, dtype=torch.float16)}, r"guide\.0 is F16 \(16, 2, 4, 7\)"),
        ({"first_frame": torch.zeros(16, 2, 4, 6)}, "first_frame is F32"),
        ({"image": torch.zeros(5, dtype=torch.float16)}, r"image is F16 \(5,\)"),
        ({"visible.0": torch.zeros(3, dtype=torch.uint8)}, r"visible\.0 is U8 \(3,\)"),
        ({"target": torch.zeros(0, 2, 4, 6, dtype=torch.float16)}, "_frame is F16"),
    ],
)
def test_tensors_that_are_not_such_an_excerpt_s_are_refused(
    tmp_path: Path, changes: dict[str, torch.Tensor | None], told: str
) -> None:
    made.write_made(tmp_path)
    _altered(tmp_path, **changes)
    with pytest.raises(MediaError, match=told):
        open_prepared(tmp_path)


def test_numbers_that_are_none_are_refused_when_they_are_read(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    bad = made.tensors(0).guides[1].half()
    bad[0, 0, 0, 0] = torch.nan
    _altered(tmp_path, **{"guide.1": bad})
    (excerpt,) = open_prepared(tmp_path).trained

    excerpt.example(0)
    with pytest.raises(MediaError, match=r"guide\.1 has numbers that are not finite; delete it"):
        excerpt.example(1)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "{" * 5000, json.dumps({"version": 2}), "x" * (1 << 20) + "x",
        made.notes(frames=()).as_json(), made.notes(size=(0, 32)).as_json(), made.notes(masks=()).as_json(),
    ],
)  # fmt: skip
def test_notes_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    made.write_made(tmp_path)
    file = tmp_path / "bear-0003.safetensors"
    save_file(load_file(file), file, {NOTES: text})
    with pytest.raises(MediaError, match="bear-0003"):
        open_prepared(tmp_path)


def test_a_file_without_notes_is_refused(tmp_path: Path) -> None:
    save_file({"target": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(MediaError, match="it lacks 'ex4d-excerpt'"):
        read_notes(tmp_path / "a.safetensors")


def test_notes_come_back_as_they_were_written() -> None:
    assert ExcerptNotes.from_json(made.notes().as_json()) == made.notes()


def test_a_file_of_another_preparation_is_refused(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    other = replace(made.notes(), key="another")
    write_excerpt(tmp_path / "bear-0003.safetensors", other, made.tensors(0), made.visible(0))
    with pytest.raises(MediaError, match="another preparation"):
        open_prepared(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"encoder": "e", "negative_prompt": "n", "excerpts": 5}'])
def test_an_index_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(MediaError, match=r"index\.json is damaged"):
        open_prepared(tmp_path)


@pytest.mark.parametrize("name", ["../bear-0003", "sub/bear-0003", ".bear", "", 5, None])
def test_an_index_does_not_lead_out_of_its_folder(tmp_path: Path, name: object) -> None:
    made.write_made(tmp_path / "within")
    made.write_made(tmp_path)
    entry = {"name": name, "key": "key of bear-0003", "prompt": made.PROMPT, "held_out": False}
    index = {"encoder": made.ENCODER, "negative_prompt": made.NEGATIVE, "excerpts": [entry]}
    (tmp_path / "within" / "index.json").write_text(json.dumps(index))
    with pytest.raises(MediaError, match="is no excerpt's name"):
        open_prepared(tmp_path / "within")


def test_notes_that_are_endless_are_refused(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    file = tmp_path / "bear-0003.safetensors"
    save_file(load_file(file), file, {NOTES: made.notes(assumed=("x" * (1 << 20),)).as_json()})
    with pytest.raises(MediaError, match="notes are too long"):
        open_prepared(tmp_path)


def test_a_preparation_that_was_not_finished_is_not_trained_on(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    (tmp_path / "index.json").unlink()
    with pytest.raises(MediaError, match="no finished preparation"):
        open_prepared(tmp_path)


def test_a_prompt_that_is_gone_is_told(tmp_path: Path) -> None:
    made.write_made(tmp_path)
    for file in (tmp_path / "prompts").iterdir():
        file.unlink()
    with pytest.raises(MediaError, match="embedded prompt 'a quiet street' is missing"):
        open_prepared(tmp_path).trained[0].example(0)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e6])
def test_what_float16_cannot_hold_is_not_written(tmp_path: Path, number: float) -> None:
    tensors = made.tensors()
    tensors.guides[1][3, 1, 2, 2] = number
    with pytest.raises(SynthesisError, match=r"guide\.1 that is not finite"):
        write_excerpt(tmp_path / "a.safetensors", made.notes(), tensors, made.visible())
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_excerpt(tmp_path / "file" / "a.safetensors", made.notes(), made.tensors(), made.visible())


def test_a_file_that_vanishes_is_told_when_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="delete it"):
        read_tensors(tmp_path / "gone.safetensors", ["target"])


@pytest.mark.parametrize(
    "changed",
    [
        {"frames": [float("inf")]}, {"frame_rate": "1/0"}, {"frame_rate": float("inf")}, {"frame_rate": "-5"},
        {"frame_rate": "1e3000000"}, {"size": [float("nan"), 8]}, {"masks": [[]]}, "[" * 200_000, "null", "[]",
    ],
    ids=lambda changed: str(changed)[:24],
)  # fmt: skip
def test_notes_of_another_s_making_are_refused(tmp_path: Path, changed: dict[str, object] | str) -> None:
    made.write_made(tmp_path)
    file = tmp_path / "bear-0003.safetensors"
    notes = changed if isinstance(changed, str) else json.dumps(json.loads(made.notes().as_json()) | changed)
    save_file(load_file(file), file, {NOTES: notes})

    with pytest.raises(MediaError, match=r"cannot be used as a prepared excerpt: .*; delete it and run"):
        read_notes(file)
