"""The exact text of every kind of fault, as a user sees it.

The cases stand in error_cases/ and their texts in error_texts/, by topic. ``python -m tests.shotlist.test_error_texts``
writes the texts anew, to be read before they are committed.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.shotlist.error_cases import TOPICS, Case
from tests.shotlist.reading import checked_text, error_text

GOLDEN = Path(__file__).with_name("error_texts")
ALL = [(topic, name) for topic, cases in TOPICS.items() for name in cases]


def text_of(case: Case) -> str:
    """The whole text of the error, without the names of folders of this machine."""
    if not isinstance(case, dict):
        return error_text(case)
    with tempfile.TemporaryDirectory() as folder:
        return checked_text(case, Path(folder))


@cache
def _golden(topic: str) -> dict[str, str]:
    sections = (GOLDEN / f"{topic}.txt").read_text(encoding="utf-8").split("== ")[1:]
    return {name: text.strip("\n") for name, _, text in (section.partition("\n") for section in sections)}


@pytest.mark.parametrize(("topic", "name"), ALL, ids=[f"{topic}-{name}" for topic, name in ALL])
def test_the_text_of_a_fault(topic: str, name: str) -> None:
    """What, where, and what to do, in exactly these words."""

    assert text_of(TOPICS[topic][name]) == _golden(topic)[name]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_recorded_text_has_its_case(topic: str) -> None:
    """Nothing is left over from a case that is gone."""

    assert list(_golden(topic)) == list(TOPICS[topic])


def test_every_topic_has_its_texts() -> None:
    """And nothing else has."""

    assert {file.stem for file in GOLDEN.iterdir()} == TOPICS.keys()


if __name__ == "__main__":
    for topic, cases in TOPICS.items():
        texts = [f"== {name}\n{text_of(case)}\n" for name, case in cases.items()]
        (GOLDEN / f"{topic}.txt").write_text("\n".join(texts), encoding="utf-8")
