"""The shipped schemas: fresh, whole, right about what is wrong, and silent about what is right."""

from __future__ import annotations

# ruff: noqa: E501 - tables of what is wrong, one to a line, are easier to read than to wrap
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from ex4d.errors import ShotFileError
from ex4d.shotlist.preset_file import read_preset
from ex4d.shotlist.records import Record
from ex4d.shotlist.schema.documents import FILES, texts
from ex4d.shotlist.schema.keys import keys
from ex4d.shotlist.schema.spellings import RECORDS
from tests.shotlist.editor import KEYED, PRESET, ROOT, errors, schema
from tests.shotlist.reading import film, messages, outcome


@pytest.mark.parametrize("file", FILES)
def test_the_shipped_schemas_are_fresh(file: str) -> None:
    assert (ROOT / file).read_text("utf-8") == texts()[file], "run: python -m ex4d.shotlist.schema"


@pytest.mark.parametrize("file", FILES)
def test_they_are_schemas_of_draft_7(file: str) -> None:
    Draft7Validator.check_schema(schema(file).schema)

    for allowed in _all("enum", list, schema(file).schema):  # yaml-language-server refuses a schema with doubles
        assert len(set(map(str, allowed))) == len(allowed)


def _all(word: str, kind: type, found: Any) -> list[Any]:
    """Every value of a keyword, wherever it stands in a schema."""
    if isinstance(found, list):
        return [value for item in found for value in _all(word, kind, item)]
    if not isinstance(found, dict):
        return []
    own = [found[word]] if isinstance(found.get(word), kind) else []
    return own + [value for item in found.values() for value in _all(word, kind, item)]


@pytest.mark.parametrize("file", FILES)
def test_their_patterns_mean_the_same_in_an_editor(file: str) -> None:
    """JavaScript's u flag refuses an escape that it does not know; Python's \\Z, \\A and \\w mean other things there."""
    for pattern in _all("pattern", str, schema(file).schema):
        assert set(re.findall(r"\\(.)", pattern)) <= set(".s\\-/$"), pattern


@pytest.mark.parametrize("file", sorted((ROOT / "shots").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_shot_list_is_right(file: Path) -> None:
    assert errors(file.read_text("utf-8")) == []


@pytest.mark.parametrize("file", sorted((ROOT / "trajectories").glob("*/v*.yaml")), ids=lambda file: file.parent.name)
def test_every_shipped_preset_is_right(file: Path) -> None:
    assert errors(file.read_text("utf-8"), PRESET) == []


def test_every_shipped_file_names_its_schema() -> None:
    """In its first line, as a path from its own folder, as editors take it."""
    for schema_file, files in zip(FILES, ("shots/*.yaml", "trajectories/*/v*.yaml"), strict=True):
        for file in ROOT.glob(files):
            first = file.read_text("utf-8").partition("\n")[0]
            assert first.startswith("# yaml-language-server: $schema="), (
                f"begin {file} with # yaml-language-server: $schema={'../' * (len(file.parts) - len(ROOT.parts) - 2)}"
                f"{Path(schema_file).name}"
            )
            assert (file.parent / first.partition("=")[2]).resolve() == (ROOT / schema_file).resolve()


def test_every_record_of_the_language_has_keys_or_a_form() -> None:
    """And every type of its fields a spelling, or ``keys`` raises."""
    inner = {"Record", "MoveRecord", "SignedMove", "PresetUse", "ShotList", "Preset", "CameraItem", "Hold"}
    places = {"Subject", "Center", "Nearest", "ImagePoint", "SpacePoint"}
    known = {record.__name__ for record in (*KEYED, *RECORDS)}

    assert {record.__name__ for record in _records(Record) if record.__module__.startswith("ex4d.shotlist")} == (
        known | (inner - {"Record"}) | places
    )
    for record in KEYED:
        assert [key.word for key in keys(record)] == list(record.words())


def _records(base: type[Record]) -> set[type[Record]]:
    return {each for kind in base.__subclasses__() for each in (kind, *_records(kind))}


HEAD = "ex4d: 1\nsource: {video: a.mp4}\nshots:\n  - name: a\n    camera:\n      - "
WRONG = {
    "an unknown word": (film("  - name: a\n    clips: 0s..1s\n"), "shots[0]", "additionalProperties"),
    "an unknown move": (HEAD + "obrit: 20deg", "shots[0].camera[0]", "additionalProperties"),
    "no move": (HEAD + "at: 0%..50%", "shots[0].camera[0]", "required"),
    "two moves in one item": (HEAD + "{pan: 20deg, tilt: 3deg}", "shots[0].camera[0]", "oneOf"),
    "an angle without a unit": (HEAD + "pan: 20", "shots[0].camera[0].pan", "type"),
    "an angle for a distance": (HEAD + "dolly: 20deg", "shots[0].camera[0].dolly", "pattern"),
    "a share for a factor": (HEAD + "zoom: 20%", "shots[0].camera[0].zoom", "pattern"),
    "both of a pair": (HEAD + "pan: {left: 2deg, right: 3deg}", "shots[0].camera[0].pan", "maxProperties"),
    "both of a pair of an orbit": (HEAD + "orbit: {left: 2deg, right: 3deg}", "shots[0].camera[0].orbit", "false"),
    "an orbit of nothing": (HEAD + "orbit: {about: subject}", "shots[0].camera[0].orbit", "required"),
    "an orbit over the top": (HEAD + "orbit: {up: 86deg}", "shots[0].camera[0].orbit.up", "pattern"),
    "an orbit through its pivot": (HEAD + "orbit: {closer: 100%}", "shots[0].camera[0].orbit.closer", "pattern"),
    "an orbit from beyond its pivot": (HEAD + "orbit: {farther: -100%}", "shots[0].camera[0].orbit.farther", "pattern"),
    "an ease on what takes none": (HEAD + "{handheld: , ease: linear}", "shots[0].camera[0]", "false"),
    "an ease of no name": (HEAD + "{pan: 2deg, ease: bouncy}", "shots[0].camera[0].ease", "pattern"),
    "a hand too unsteady": (HEAD + "handheld: {amount: -1}", "shots[0].camera[0].handheld.amount", "minimum"),
    "parameters of no preset": (HEAD + "{pan: 2deg, with: {angle: 2deg}}", "shots[0].camera[0]", "dependencies"),
    "a spline of one key": (HEAD + "spline: {keys: [{at: 0%}]}", "shots[0].camera[0].spline.keys", "minItems"),
    "a key without a time": (
        HEAD + "spline: {keys: [{at: 0%}, {lens: 2x}]}", "shots[0].camera[0].spline.keys[1]", "required"),
    "two aims of one key": (
        HEAD + "spline: {keys: [{at: 0%}, {at: 9%, look_at: subject, rotation: {pan: 2deg}}]}",
        "shots[0].camera[0].spline.keys[1]", "false"),
    "a place of four": (HEAD + "look-at: [1%, 2%, 3%, 4%]", "shots[0].camera[0].look-at", "maxItems"),
    "a path of nothing": (HEAD + "path: {look_at: subject}", "shots[0].camera[0].path", "required"),
    "a moment after the end": (HEAD + "{pan: 2deg, at: 20%..120%}", "shots[0].camera[0].at", "pattern"),
    "a word of YAML's own": (HEAD + "pan: yes", "shots[0].camera[0].pan", "pattern"),
    "a shot without a name": (film("  - clip: 0s..1s\n"), "shots[0]", "required"),
    "a name with a space": (film("  - name: a b\n"), "shots[0].name", "pattern"),
    "no shots": ("ex4d: 1\nsource: {video: a.mp4}\n", "", "required"),
    "no version": ("source: {video: a.mp4}\nshots: [{name: a}]\n", "", "required"),
    "another version": ("ex4d: 2\nsource: {video: a.mp4}\nshots: [{name: a}]\n", "ex4d", "maximum"),
    "no source": ("ex4d: 1\nshots: [{name: a}]\n", "shots[0]", "required"),
    "a source without a video": ("ex4d: 1\nsource: {fps: 24}\nshots: [{name: a}]\n", "shots[0]", "required"),
    "a clip without units": (film("  - {name: a, clip: 0..1}\n"), "shots[0].clip", "pattern"),
    "clip beside time": (film("  - {name: a, clip: 0s..1s, time: [{play: 0s..1s}]}\n"), "shots[0]", "false"),
    "a freeze of nothing": (film("  - {name: a, time: [{freeze: 1s}]}\n"), "shots[0].time[0]", "dependencies"),
    "a part of no kind": (film("  - {name: a, time: [{slow: 1s}]}\n"), "shots[0].time[0]", "additionalProperties"),
    "a speed of nothing": (film("  - {name: a, time: [{play: 0s..1s, speed: 0}]}\n"), "shots[0].time[0].speed", "minimum"),
    "a rounded rate": ("ex4d: 1\nsource: {video: a.mp4}\noutput: {fps: 29.97}\nshots: [{name: a}]\n", "output.fps", "not"),
    "an odd size": ("ex4d: 1\nsource: {video: a.mp4}\noutput: {size: 511x384}\nshots: [{name: a}]\n", "output.size", "pattern"),
    "a film that ends in a dissolve": (
        "ex4d: 1\nsource: {video: a.mp4}\nend: dissolve 1s\nshots: [{name: a}]\n", "end", "pattern"),
    "a wipe to nowhere": (film("  - name: a\n  - {name: b, transition: wipe 0.4s}\n"), "shots[1].transition", "pattern"),
    "an address": ("ex4d: 1\nsource: {video: 'https://a/b.mp4'}\nshots: [{name: a}]\n", "source.video", "pattern"),
    "a word of a later version": (
        "ex4d: 1\nsource: {video: a.mp4, cameras: a.txt}\nshots: [{name: a}]\n", "source", "additionalProperties"),
    "a parameter outside a preset": (HEAD + "pan: $angle", "shots[0].camera[0].pan", "pattern"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_where_it_is_wrong(name: str) -> None:
    """By the editor, for the right reason at the right place, and by the reading of the file too."""
    text, where, keyword = WRONG[name]

    assert (where, keyword) in errors(text), errors(text)
    assert messages(text)


RIGHT = {
    "nothing where nothing is needed": (
        "ex4d: 1\ntitle:\nsource: {video: a.mp4}\noutput:\nsynthesis:\nshots:\n  - {name: a, camera: , synthesis: , source: }\n"),
    "moves without a value": (
        HEAD + "hold\n      - handheld\n      - hold:\n      - handheld:\n      - handheld: {settle: }\n"
        "      - {use: orbit-right, with: }"),
    "keys without a value": HEAD + "spline: {pace: constant, keys: [{at: 0%}, {rotation: }, {at: 100%}]}",
    "numbers in quotes": (
        "ex4d: '1'\nsource: {video: a.mp4, fps: '24'}\nsynthesis: {seed: '7', erode: '5'}\n"
        "shots: [{name: '1', clip: 0s..5s, frames: '49', boomerang: 'true'}]\n"),
    "words that look like numbers": "ex4d: 1\ntitle: 1984\nsource: {video: 2024}\nshots: [{name: 007}, {name: no}, {name: true}]\n",
    "numbers with zeros": "ex4d: 1\nsource: {video: a.mp4, fps: 024.0}\nshots: [{name: a, clip: 00s..1.50s}]\n",
    "sources of the shots' own": "ex4d: 1\nsource: {fps: 24}\nshots: [{name: a, source: {video: a.mp4}}]\n",
    "metres": "ex4d: 1\nsource: {video: a.mp4, subject_distance: 2m}\nshots: [{name: a, camera: [dolly: 0.5m]}]\n",
    "a camera that is missing": "ex4d: 1\nsource: {video: a.mp4}\nshots: [{name: a, camera: []}]\n",
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_unusual_but_right_is_accepted(name: str) -> None:
    assert not isinstance(outcome(RIGHT[name]), ShotFileError), outcome(RIGHT[name])
    assert errors(RIGHT[name]) == []


WRONG_PRESETS = {
    "a name of its own": ("preset: My Move", "preset", "pattern"),
    "an unknown word": ("speed: 3", "", "additionalProperties"),
    "a parameter without a default": ("params: {angle: {max: 3deg}}", "params.angle", "required"),
    "a parameter of no name": ("params: {Angle: {default: 3deg}}", "params", "pattern"),
    "no reference": ("camera: [{pan: angle}]", "camera[0].pan", "pattern"),
    "a number for a reference": ("camera: [{pan: 20}]", "camera[0].pan", "type"),
    "moves that are no list": ("camera: {pan: 20deg}", "camera", "type"),
}
RIGHT_PRESET = "preset: it\nversion: 1\nex4d: 1\nabout: It.\ncamera: [{pan: 2deg, at: $(start)..60%}]\nparams: {angle: {default: 3deg}}\n"


def _preset(line: str) -> str:
    document = yaml.safe_load(RIGHT_PRESET) | yaml.safe_load(line)
    return yaml.safe_dump(document)


def test_a_preset_may_refer_to_its_parameters() -> None:
    assert errors(RIGHT_PRESET, PRESET) == []
    assert (
        errors(_preset("camera: [{pan: $angle}, {path: {right: sin($angle * s)}}, {orbit: {up: $(-angle)}}]"), PRESET)
        == []
    )


@pytest.mark.parametrize("name", WRONG_PRESETS)
def test_what_is_wrong_with_a_preset_is_refused_where_it_is_wrong(name: str, tmp_path: Path) -> None:
    line, where, keyword = WRONG_PRESETS[name]
    file = tmp_path / "it" / "v1.yaml"
    file.parent.mkdir()
    file.write_text(_preset(line), encoding="utf-8")

    assert (where, keyword) in errors(file.read_text("utf-8"), PRESET)
    if not where.startswith("camera["):  # those are found where it is used
        with pytest.raises(ShotFileError):
            read_preset(file)
