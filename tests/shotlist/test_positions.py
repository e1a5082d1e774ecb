"""A fault stands where it was made."""

from __future__ import annotations

import re

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import ShotFileError
from ex4d.shotlist.yaml_text import LOADER
from tests.shotlist.every_word import EVERY_WORD
from tests.shotlist.reading import messages, one_shot, outcome

HEAD, *SHOTS = EVERY_WORD.read_text(encoding="utf-8").split("\n  - name: ")
FILMS = [f"{HEAD}\n  - {{name: first, clip: 0s..9s}}\n  - name: {shot}\n" for shot in SHOTS]
"""Each with one shot of the film of every word, after a plain one, so that it is soon read."""
WRONG = "wrong!"
"""No field takes it."""
FREE = re.compile(r"title|\.prompt$|\.video$|\.file$|depth\.model$")
"""Where any words may stand: a path in the document."""


def _scalars(node: yaml.Node, path: str = "", key: yaml.Node | None = None) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """Every scalar, with its path in the document and the node whose place is told: of a value, its key."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(f"{path}.{word.value}".lstrip("."), word, value) for word, value in node.value]
        return [found for inner, word, value in pairs for found in _scalars(value, inner, word)]
    if isinstance(node, yaml.SequenceNode):
        return [found for n, item in enumerate(node.value) for found in _scalars(item, f"{path}[{n}]", item)]
    return [(path, node, key or node)]


SCALARS = [
    (text, *found)
    for text in FILMS
    for found in _scalars(yaml.compose(text, Loader=LOADER))
    if not FREE.search(found[0]) and (text == FILMS[0] or found[0].startswith("shots[1]"))
]


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.sampled_from(SCALARS), st.booleans())
def test_a_wrong_value_is_at_fault_at_its_place(scalar: tuple[str, str, yaml.Node, yaml.Node], quotes: bool) -> None:
    """Whatever value of the film of every word is made wrong: one fault stands at its key."""
    text, path, node, told = scalar
    wrong = f"'{WRONG}'" if quotes else WRONG
    start, end = node.start_mark.index, node.end_mark.index
    found = outcome(text[:start] + (wrong if node.value else f" {wrong}") + text[end:])

    assert isinstance(found, ShotFileError)
    place = (told.start_mark.line + 1, told.start_mark.column + 1)
    first, *others = found.faults
    assert (first.line, first.column) == place, str(found)
    assert not others or path == "source.subject_distance", str(found)  # without which metres mean nothing


@given(st.sampled_from(["\u202e", "\x85", "\u2028", "\u200b", "\ue000", "\ufeff"]))
def test_what_cannot_be_printed_is_spelt_out(character: str) -> None:
    """Wherever it stands: in a value, a key, a glued key, a move."""
    text = one_shot(
        f"- pan: 'a{character}b'\n- 'tilt{character}': 3deg\n- {{'at{character}': 3, pan: 2deg}}\n- use: 'a{character}'"
    )

    assert all(message.isprintable() for message in messages(text))
