"""What does not fit together, or would harm a file, is refused before anything is written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ex4d.engines.options import EngineOptions
from ex4d.errors import MediaError, MissingPart, OutputError, UserError
from ex4d.generation import generate
from ex4d.given_render import Generation
from ex4d.shotlist.model import Synthesis
from tests.generation.renders import colours, masks, write


def test_odd_sizes_are_answered_with_what_to_do(job: Generation) -> None:
    write(job.colour, colours(size=(95, 63)))
    with pytest.raises(UserError, match=r"(?s)colour\.mkv is 95x63, .*cut colour and mask to 94x62.*crop=94:62:0:0"):
        generate(job)


@pytest.mark.parametrize(
    ("mask", "answer"),
    [
        (masks(5), r"mask\.mkv has 5 frames, but .*colour\.mkv has 7"),
        (masks(size=(64, 50)), r"mask\.mkv is 64x50, but .*colour\.mkv is 64x48"),
        (masks(5, (32, 32)), r"has 5 frames, but .* has 7 and is 32x32, but .* is 64x48"),
    ],
)
def test_a_mask_of_another_render_is_refused(job: Generation, mask: list[np.ndarray], answer: str) -> None:
    write(job.mask, mask)
    with pytest.raises(MediaError, match=answer):
        generate(job)
    assert not job.output.exists()


def test_a_mask_of_another_rate_is_refused_with_its_other_faults(job: Generation) -> None:
    write(job.mask, masks(5), Fraction(30))
    with pytest.raises(
        MediaError, match=r"mask\.mkv has 5 frames, .* and has 30 frames a second, but .*colour\.mkv has 24000/1001;"
    ):
        generate(job)


def test_what_cannot_be_asked_for_is_refused(job: Generation, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"frames 8: .*colour\.mkv has 7; write 1 to 7"):
        generate(replace(job, frame_count=8))
    with pytest.raises(OutputError, match=r"does not end in \.mp4"):
        generate(replace(job, output=tmp_path / "film.avi"))
    with pytest.raises(MissingPart, match="ex4d models pull"):
        generate(replace(job, synthesis=Synthesis(engine="ex4d")))
    (tmp_path / "text.mkv").write_bytes(b"not a video" * 50)
    with pytest.raises(MediaError, match=r"text\.mkv"):
        generate(replace(job, mask=tmp_path / "text.mkv"))
    assert not list(tmp_path.glob("film*"))


def test_inputs_are_never_written_over(job: Generation, tmp_path: Path) -> None:
    render = tmp_path / "render.mp4"
    job.colour.rename(render)
    before = render.read_bytes()
    with pytest.raises(OutputError, match="written over"):
        generate(replace(job, colour=render, output=render))
    assert render.read_bytes() == before
    embeds = tmp_path / "film.ex4d.json"
    embeds.write_text("{}")
    with pytest.raises(OutputError, match="written over"):
        generate(replace(job, colour=render, options=EngineOptions({"prompt_embeds": embeds})))
