"""The exact text of every kind of fault of a training file, as a user sees it.

``python -m tests.training.config.test_error_texts`` writes the texts anew, to be read before they are committed.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest

from ex4d.errors import ShotFileError
from tests.training.config.error_cases import CASES, write_folder
from tests.training.config.files import outcome

GOLDEN = Path(__file__).with_name("error_texts.txt")


def text_of(case: str, folder: Path) -> str:
    """The whole text of the error, without the names of folders of this machine."""
    found = outcome(case, folder / "train.yaml", must_exist=True)
    assert isinstance(found, ShotFileError), found
    return str(found).replace(f"{folder}/", "").replace(str(folder), "FOLDER")


@cache
def _golden() -> dict[str, str]:
    sections = GOLDEN.read_text(encoding="utf-8").split("== ")[1:]
    return {name: text.strip("\n") for name, _, text in (section.partition("\n") for section in sections)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    write_folder(made)
    return made


@pytest.mark.parametrize("name", CASES)
def test_the_text_of_a_fault(name: str, folder: Path) -> None:
    """What, where, and what to do, in exactly these words."""

    assert text_of(CASES[name], folder) == _golden()[name]


def test_every_recorded_text_has_its_case() -> None:
    """Nothing is left over from a case that is gone."""

    assert list(_golden()) == list(CASES)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        write_folder(Path(name))
        texts = [f"== {case}\n{text_of(text, Path(name))}\n" for case, text in CASES.items()]
    GOLDEN.write_text("\n".join(texts), encoding="utf-8")
