"""The reference of the training file is what its records say."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from ex4d.training.config.load import parse
from ex4d.training.config.records import TrainingConfig

ROOT = Path(__file__).parents[1]
PAGES = [page for name in ("training", "training-file") if (page := ROOT / "docs" / f"{name}.md").exists()]
PAGE = (ROOT / "docs" / "training-file.md").read_text("utf-8")
SCRIPT = runpy.run_path(str(ROOT / "docs" / "make_training_file.py"))
LEAST = "ex4d-train: 1\nclips: {videos: clips, depth: {model: auto}}\noutput: out\n"
BLOCKS = [
    block
    for page in PAGES
    for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
]


def test_the_page_is_fresh() -> None:
    assert SCRIPT["page"]() == PAGE, "run: python docs/make_training_file.py"


def test_every_section_is_told() -> None:
    told = {name.partition(".")[0] for name, _ in SCRIPT["SECTIONS"]}

    assert told == set(TrainingConfig.words()) - {"output"}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_a_training_file_or_a_part_of_one(block: str) -> None:
    text = block if "ex4d-train" in block else LEAST + block

    assert isinstance(parse(text, ROOT / "shots" / "training" / "train.yaml"), TrainingConfig)


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 2
