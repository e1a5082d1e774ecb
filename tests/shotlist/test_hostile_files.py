"""Whatever a file holds, reading it ends soon, in a shot list or in a ShotFileError."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ex4d.errors import ShotFileError
from ex4d.shotlist import yaml_text
from ex4d.shotlist.load import load
from ex4d.shotlist.model import ShotList
from ex4d.shotlist.preset_file import read_preset
from tests.shotlist.reading import film, messages, one_shot, outcome

BOUNDED = settings(derandomize=True, deadline=5000, max_examples=300)

VALID = one_shot(
    "- orbit: {right: 60deg, up: 10deg, about: [50%, 60%]}\n"
    "- {pan: 20deg, at: 20%..60%, ease: in 3}\n"
    "- use: push-in@1\n"
    "- spline: {keys: [{at: 0%}, {at: 100%, position: [35%, 10%, 0%], look_at: subject, lens: 1.4x}]}\n"
    "- hold",
    more="    transition: cut\n    source: {depth: {file: a.npz, unit: mm}, lens: 35mm}\n",
)


@BOUNDED
@given(st.binary(max_size=300))
@example(b"")
@example(b"\x00")
@example(b"\xff\xfee\x00x\x004\x00d\x00")
@example(b"\xef\xbb\xbfex4d: 1")
@example(b"ex4d: \xff")
@example(b"&a [*a]")
def test_any_bytes_are_a_shot_list_or_a_shot_file_error(data: bytes) -> None:
    """Nothing else is raised."""

    assert isinstance(outcome(data), ShotList | ShotFileError)


pieces = st.sampled_from(
    [
        *"{}[]:,-#&*!|>%@`'\"\n\t $.0",
        "- ",
        ": ",
        "..",
        "<<: ",
        "at",
        "ex4d",
        "\x00",
        "é",
        "1e999",
        "~",
        "null",
        "---\n",
        "$(",
    ]
)
edits = st.lists(st.tuples(st.integers(0, len(VALID)), st.integers(0, 12), pieces), min_size=1, max_size=4)


@BOUNDED
@given(edits)
def test_a_valid_file_with_any_edit_is_a_shot_list_or_a_shot_file_error(edits: list[tuple[int, int, str]]) -> None:
    """Each edit cuts some characters and puts others there."""
    text = VALID
    for at, length, piece in edits:
        text = text[:at] + piece + text[at + length :]

    assert isinstance(outcome(text), ShotList | ShotFileError)


nested = st.recursive(
    st.text(alphabet="ab0%. :deg$", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["at", "pan", "use", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
WORDS = ["name", "clip", "camera", "transition", "source", "synthesis", "time", "presets", "within"]


@BOUNDED
@given(st.dictionaries(st.sampled_from(WORDS), nested, max_size=4), st.lists(nested, max_size=3))
def test_any_shape_of_value_under_any_key_is_a_shot_list_or_a_shot_file_error(shot: object, camera: object) -> None:
    """A list for a name, a mapping for a clip: wrong shapes are faults, not crashes."""
    text = yaml.safe_dump({"ex4d": "1", "source": {"video": "a.mp4"}, "shots": [shot, {"name": "b", "camera": camera}]})

    assert isinstance(outcome(text), ShotList | ShotFileError)


def _seconds(data: str | bytes) -> float:
    start = time.perf_counter()
    outcome(data)
    return time.perf_counter() - start


HUGE = {
    "brackets": "[" * 100_000,
    "braces": "{a: " * 100_000,
    "dashes": "- " * 100_000,
    "indents": "".join(" " * depth + "a:\n" for depth in range(800)),
    "values": film("".join(f"  - {{name: s{index}}}\n" for index in range(9_000))),
    "digits": one_shot("- pan: " + "9" * 900_000 + "deg"),
    "exponent": one_shot("- pan: 1e10000000deg"),
    "long words": one_shot("- " + "orbit" * 100_000 + ": 1"),
    "dollars": one_shot("- pan: " + "$(" * 100_000),
    "unknown keys": film("  - name: a\n" + "".join(f"    k{index}: 1\n" for index in range(4_000))),
    "anchors": "a: &a [x]\n" + "".join(f"k{index}: *a\n" for index in range(4_000)),
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_input_is_refused_soon(name: str) -> None:
    """Work is bounded; the limit is for slow machines, where a naive reader takes minutes or dies."""

    assert isinstance(outcome(HUGE[name]), ShotFileError)
    assert _seconds(HUGE[name]) < 20


def test_the_pure_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libyaml is missing, the same records and the same faults."""
    here = outcome(VALID)
    wrong = str(outcome(VALID.replace("60deg", "60").replace("pan", "pann")))
    monkeypatch.setattr(yaml_text, "LOADER", yaml.BaseLoader)

    assert outcome(VALID) == here
    assert str(outcome(VALID.replace("60deg", "60").replace("pan", "pann"))) == wrong


def test_a_bomb_of_aliases_is_refused_without_being_expanded() -> None:
    """Each alias is a fault; none is followed."""
    levels = "".join(f"a{level + 1}: &a{level + 1} [{', '.join([f'*a{level}'] * 9)}]\n" for level in range(9))
    found = messages(f"a0: &a0 [x]\n{levels}")

    assert sum("anchors and aliases" in message for message in found) == 10 + 9 * 9


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ex4d: 1\ntitle: \x00", "the character U+0000 is not allowed in YAML; delete it"),
        (b"ex4d: 1\ntitle: \xe9t\xe9", "the file is not UTF-8 text; save it as UTF-8"),
        ("ex4d: 1\n".encode("utf-16"), "the file is not UTF-8 text; save it as UTF-8"),
        (b"", "the file is empty; it begins with 'ex4d: 1'"),
        (b"- a", "the file is not a mapping; it begins with 'ex4d: 1'"),
        (b"#" * (1 << 20) + b"\n", "the file has more than 1 MiB; no file of this language needs that"),
        (b"a: " + b"[" * 60 + b"]" * 60, "nested more than 50 deep"),
        (b"a: [" + b"1, " * 10_001 + b"]", "the file has more than 10000 values"),
        (b"a: 1\n---\nb: 2\n", "a second document; a file holds one"),
        (b"? [a]\n: b", "a key must be a word, not a list, a mapping or an alias"),
        (b"a: 'b", "this is not YAML: found unexpected end of stream"),
        (b"a:\n\t- b", "this is not YAML: found character that cannot start any token; indent with spaces, not tabs"),
        (
            b"a: b: c",
            "this is not YAML: mapping values are not allowed in this context; put text that holds a colon in quotes",
        ),
        (
            b"a:\n  - name:foo\n    clip: 0s..1s",
            "this is not YAML: mapping values are not allowed in this context; put a space after the colon: name: foo",
        ),
    ],
)
def test_what_cannot_be_read_at_all_says_why(data: bytes, message: str) -> None:
    """One fault with its place."""

    assert messages(data) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!!python/object/apply:os.system [ls]", "tags are not part of the language"),
        ("!!str x", "tags are not part of the language"),
        ("! x", "tags are not part of the language"),
        ("&x y", "anchors and aliases are not part of the language"),
    ],
)
def test_tags_and_anchors_are_faults_and_run_nothing(text: str, message: str) -> None:
    """Refused, whatever they say."""

    assert any(message in found for found in messages(film(f"  - name: a\n    clip: {text}\n")))


def test_merge_keys_and_duplicates_are_faults_with_their_places() -> None:
    """The second of two equal keys is the one that is wrong."""
    found = outcome(film("  - name: a\n    <<: {clip: 0s..1s}\n    name: b\n"))

    assert isinstance(found, ShotFileError)
    assert [(fault.line, fault.column, fault.path) for fault in found.faults] == [
        (6, 5, "shots[0].'<<'"),
        (7, 5, "shots[0].name"),
    ]


def test_a_file_that_cannot_be_opened_is_a_shot_file_error(tmp_path: Path) -> None:
    """Missing, a folder, or with a name that no file can have."""
    for path in (tmp_path / "none.yaml", tmp_path, Path("a\0b"), Path("x" * 5000)):
        with pytest.raises(ShotFileError, match="the file cannot be read"):
            load(path)


@pytest.mark.parametrize(
    ("kind", "says"), [("pipe", "no regular file"), ("device", "no regular file"), ("folder", "a folder")]
)
@pytest.mark.parametrize("reads", [load, read_preset])
def test_what_is_no_regular_file_is_refused_without_being_read(
    tmp_path: Path, reads: Callable[[Path], object], kind: str, says: str
) -> None:
    """A pipe without a writer would be waited for, and a device may never end."""
    file = Path("/dev/zero") if kind == "device" else tmp_path / "film.yaml"
    if kind == "pipe":
        os.mkfifo(file)
    if kind == "folder":
        file.mkdir()
    with pytest.raises(ShotFileError, match=f"{file}:1:1   the file cannot be read: it is {says}; name a YAML file"):
        reads(file)


def test_a_byte_order_mark_and_windows_line_ends_are_free() -> None:
    """Editors write them."""
    crlf = b"\xef\xbb\xbf" + VALID.replace("\n", "\r\n").encode()

    assert outcome(crlf) == outcome(VALID)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
@pytest.mark.parametrize("closing", [False, True])
def test_a_file_that_breaks_off_is_at_fault_at_its_end(line_end: str, closing: bool) -> None:
    """Lines are counted as YAML ends them, and no fault stands behind the last."""
    found = outcome(line_end.join(["ex4d: 1", "a: [b"]) + line_end * closing)

    assert isinstance(found, ShotFileError)
    assert [(fault.line, fault.column) for fault in found.faults] == [(3, 1) if closing else (2, 6)]
