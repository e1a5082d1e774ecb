"""Every YAML block that README and docs show is read, and an editor finds nothing wrong with it."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from ex4d.shotlist.load import WORDS, parse
from ex4d.shotlist.model import Shot
from ex4d.trajectory.assumed import compile_assumed
from tests.shotlist.editor import PRESET, errors

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TRAINING_PAGES = ("training", "training-file")
"""Their blocks are of training files, and read by tests of their own."""
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```ya?ml\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
    if page.stem not in TRAINING_PAGES
]
LIST = "ex4d: 1\nsource: {video: clip.mp4, fps: 24}\nshots:\n"
SHOT = LIST + "  - name: one\n    clip: 0s..2s\n"


def whole(block: str) -> str | None:
    """The shot list that a block is, or that it is a part of; None for a preset.

    Raises:
        ValueError: where it is none of these.
    """
    document = yaml.safe_load(block)
    words = list(document if isinstance(document, dict) else document[0])
    if "preset" in words:
        return None
    if isinstance(document, list):
        if words[0] in ("play", "freeze"):
            return LIST + "  - name: one\n    time:\n" + indent(block, " " * 6)
        return LIST + indent(block, "  ") if words[0] == "name" else SHOT + "    camera:\n" + indent(block, " " * 6)
    if "shots" in words:
        return block
    if set(words) <= set(WORDS):
        source = "" if "source" in words else "source: {video: clip.mp4, fps: 24}\n"
        return f"ex4d: 1\n{source}{block}\nshots: [{{name: one, clip: 0s..2s}}]\n"
    if set(words) <= set(Shot.words()):
        return LIST + indent(block, "    ").replace("    ", "  - name: one\n    ", 1)
    raise ValueError(f"is no shot list, and no part of one that is known here: {', '.join(words)}")


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_read_and_compiled(block: str, tmp_path: Path) -> None:
    """Wrapped in what it leaves out; a preset is used with its defaults."""
    text = whole(block)
    if text is None:
        stated = yaml.safe_load(block)
        file = tmp_path / "trajectories" / stated["preset"] / f"v{stated['version']}.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(block, encoding="utf-8")
        assert errors(block, PRESET) == []
        text = SHOT + f"    camera: [use: {stated['preset']}@{stated['version']}]\n"
    (tmp_path / "cameras.txt").write_text("0 0 0 0 0 0 0 1\n1 0 0 1 0 0 0 1\n", encoding="utf-8")  # TUM's
    film = parse(text, tmp_path / "film.yaml")

    assert errors(text) == []
    assert all(len(compile_assumed(shot, film.output)) > 0 for shot in film.shots)


def test_there_are_blocks() -> None:
    assert len(BLOCKS) > 30


@pytest.mark.parametrize("block", ["speed: 3", "- {}", "shots: 3\nspeed: 1"])
def test_a_block_that_is_nothing_fails(block: str, tmp_path: Path) -> None:
    with pytest.raises(Exception):  # noqa: B017 - any way of failing will do
        parse(whole(block) or "", tmp_path / "film.yaml")
