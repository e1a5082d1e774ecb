"""What docs/plan.md shows is what the commands print; ``python -m tests.preflight.test_plan_page`` writes it anew."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from ex4d.cli.app import app
from ex4d.kernels import keep_compiled

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "plan.md"
SHOWN = re.compile(r"```sh\n(ex4d plan [^\n]*)\n```\n\n```text\n(.*?)```", re.DOTALL)
MODULES = [ROOT / "ex4d" / "preflight" / "remarks.py", ROOT / "ex4d" / "trajectory" / "warnings.py"]


@contextlib.contextmanager
def beside_the_clip(folder: Path) -> Iterator[None]:
    """Work in a folder that has the page's shot list, and the media it names."""
    (listed,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (folder / "shots" / "media").mkdir(parents=True)
    for name in ("courtyard.mp4", "courtyard.depth.mkv"):
        shutil.copy(ROOT / "shots" / "media" / name, folder / "shots" / "media")
    (folder / "shots" / "round.yaml").write_text(listed, encoding="utf-8")
    with contextlib.chdir(folder), patch.dict(os.environ, {"COLUMNS": "100"}):
        yield


def printed(command: str) -> str:
    """Return what a command prints, without spaces at the ends of lines, and the time that this machine would take."""
    words = io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(io.StringIO()):
        app(command.split()[1:], standalone_mode=False)
    lines = re.sub(r"about \d+ s to make", "about 8 s to make", words.getvalue()).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


@pytest.mark.usefixtures("own_folders")
def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    shown = SHOWN.findall(PAGE.read_text(encoding="utf-8"))

    assert len(shown) == 2
    with beside_the_clip(tmp_path / "page"):
        assert [(command, printed(command)) for command, _ in shown] == shown


def test_every_kind_of_warning_is_explained_and_there_are_no_others() -> None:
    """In the order of their weights."""
    page = PAGE.read_text(encoding="utf-8").split("## What is warned of")[1]
    written = [
        (kind, int(weight))
        for module in MODULES
        for kind, weight in re.findall(r'Remark\(\s*"([a-z-]+)",\s*(\d+)', module.read_text(encoding="utf-8"))
    ]
    explained = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)

    assert set(explained) == {kind for kind, _ in written}
    assert [dict(written)[kind] for kind in explained] == sorted(dict(written).values(), reverse=True)


def rewrite() -> None:
    """Write what the commands print into the page."""
    keep_compiled()
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, beside_the_clip(Path(folder)):
        for command, old in SHOWN.findall(page):
            shown = f"```sh\n{command}\n```\n\n```text\n"
            page = page.replace(f"{shown}{old}```", f"{shown}{printed(command)}```")
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
