"""A sound file is told in words, with what was chosen for its author and what they may not have meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from ex4d.training.config.load import parse
from ex4d.training.config.remarks import in_words, remarks
from ex4d.training.config.usual import USUAL_CAMERAS
from tests.training.config.files import FILE, SHORT, messages, with_cameras

HELD_OUT = SHORT.replace("}}", "}, hold_out: 8}")
PINNED = HELD_OUT + "masks: {rendering: {cameras: [{camera: [use: orbit-right@1]}]}}\n"
TRACKED = "masks: {rendering: {share: 0}, tracking: {share: 1}}\n"
USUAL = ", ".join(moves for moves, _ in USUAL_CAMERAS)
REMARKS = {
    PINNED + "model: {rank: 8}\n": "rank: 8: EX-4D's own loader takes 16 alone; ex4d takes any",
    PINNED + "model: {hidden: 64}\n": "hidden: 64: EX-4D's own loader takes 1024 alone; ex4d takes any",
    PINNED + "training: {steps: 100}\n": "warmup: 100 leaves no step at the full learning rate; write warmup: 5",
    PINNED.replace(", hold_out: 8", ""): "hold_out: 0 leaves no clip to validate or sample with; write hold_out: 8 in "
    "clips",
    HELD_OUT: f"no cameras are stated, so that the usual ones are drawn: {USUAL}",
    PINNED.replace("@1", ""): "a camera takes the newest orbit-right; pin it as orbit-right@1",
}
AUTO = "depth: {model: auto} takes depth-anything-v2-small"


@pytest.mark.parametrize("text", REMARKS, ids=range(len(REMARKS)))
def test_what_an_author_should_know_is_told(text: str) -> None:
    assert remarks(parse(text, FILE)) == (AUTO, REMARKS[text])


def test_nothing_is_told_where_all_is_stated() -> None:
    assert remarks(parse(PINNED.replace("model: auto", "model: depthcrafter"), FILE)) == ()


def test_depth_that_nothing_needs_is_told() -> None:
    assert remarks(parse(HELD_OUT + TRACKED, FILE)) == ("depth is not needed where no mask is rendered",)


def test_a_file_is_told_on_one_line() -> None:
    assert in_words(parse(with_cameras("camera: [dolly: 20%]"), FILE)) == (
        "2000 steps of 8 excerpts, each 49 frames of 512x512; masks by 1 camera 0.5, by tracking (flow) 0.5"
    )
    assert in_words(parse(HELD_OUT + TRACKED, FILE)).endswith("; masks by tracking (flow) 1")


@pytest.mark.parametrize("written", ["clips/a.tar", "clips/*.tar", "clips"])
def test_shards_may_have_their_own_depth(tmp_path: Path, written: str) -> None:
    """So that rendering masks are not refused where none is stated; of other clips they are."""
    (tmp_path / "clips").mkdir()
    text = SHORT.replace("videos: clips, depth: {model: auto}", f'videos: "{written}"')
    file = tmp_path / "train.yaml"
    if written == "clips":
        assert any("rendering masks need depth" in message for message in messages(text, file))
    (tmp_path / "clips" / "a.tar").touch()

    assert parse(text, file, must_exist=True).clips.depth is None
