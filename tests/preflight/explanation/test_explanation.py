"""A film in plain words: the texts of one that uses everything and of the example, and laws of single sentences.

After changing words, write the texts anew and read them: python -m tests.preflight.explanation.test_explanation
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.cli.explaining import film_in_lines
from ex4d.errors import ShotFileError, UserError
from ex4d.preflight.explanation.cameras import sentence
from ex4d.preflight.explanation.ending import ending_of
from ex4d.preflight.explanation.film import FilmTold, explain, parted
from ex4d.preflight.explanation.moments import Telling
from ex4d.preflight.explanation.moves import SENTENCE_OF
from ex4d.preflight.explanation.quantities import counted_as, number, seconds
from ex4d.shotlist.load import parse
from ex4d.shotlist.model import MOVES, Shot
from ex4d.trajectory.assumed import compile_assumed
from ex4d.trajectory.timing import clock_of
from tests.shotlist.reading import FILE, one_shot

HERE = Path(__file__).parent
SCENE = Path("shots/scene.yaml")
GOLDENS = {HERE / "everything.yaml": HERE / "everything.txt", SCENE: HERE / "scene.txt"}
ROOT = HERE.parents[2]


@cache
def explained(film: Path) -> FilmTold:
    """A film, told once for all tests."""
    return explain(ROOT / film)


def written(film: Path) -> str:
    """What a terminal of 80 columns shows."""
    return "".join(f"{line}\n" for line in film_in_lines(explained(film)))


@pytest.mark.parametrize("film", GOLDENS, ids=lambda film: film.stem)
def test_the_words_of_a_film(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly these, and no line wider than the terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    text = written(film)

    assert text == GOLDENS[film].read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("film", GOLDENS, ids=lambda film: film.stem)
def test_nothing_is_said_as_no_one_says_it(film: Path) -> None:
    """No 1 degrees or 2 second, no long decimals, no names of code, nothing said twice in a row; sentences end."""
    told = asdict(explained(film))
    moves = [text for shot in told["shots"] for each in shot["camera"] for text in each["sentences"]]
    words = " ".join([*moves, *(text for shot in told["shots"] for text in (*shot["plays"], shot["ends"]))])

    assert not re.search(r"(?<![.\d])1 (degrees|times|metres|frames)\b", words)
    assert not re.search(r"(?<!\.)\b([02-9]|\d{2,}) (degree|metre|time)\b", words)
    assert not re.search(r"\d\.\d{4,}|\dE|e-\d|\bNone\b|[a-z]_[a-z]|\bFraction\b|--| ,|\(\)", words)
    assert not re.search(r"\b(\w+) \1\b", words)
    assert all(re.fullmatch(r"[A-Z].*[^.]\.", text) for text in moves)


def test_every_move_has_its_sentence() -> None:
    """The list is closed; and the film that uses everything has each of them."""
    everything = {type(item.move) for shot in parse_everything() for item in shot.camera}

    assert set(SENTENCE_OF) == set(MOVES.values())
    assert everything == set(SENTENCE_OF)


def parse_everything() -> tuple[Shot, ...]:
    file = HERE / "everything.yaml"
    return parse(file.read_bytes(), file).shots


def said(camera: str, more: str = "") -> str:
    """The sentence of a shot's only move."""
    shot = parse(one_shot(camera, more=more), FILE).shots[0]
    clock = clock_of(shot, compile_assumed(shot, parse(one_shot(camera), FILE).output).scene)
    return sentence(shot.camera[0], Telling(shot, clock, lasts=True, folder="shots"))


@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        ("pan: {right: 3deg}", "pan: {left: 3deg}"),
        ("tilt: {up: 3deg}", "tilt: {down: 3deg}"),
        ("roll: {clockwise: 3deg}", "roll: {counterclockwise: 3deg}"),
        ("dolly: {in: 3%}", "dolly: {out: 3%}"),
        ("truck: {right: 3%}", "truck: {left: 3%}"),
        ("pedestal: {up: 3%}", "pedestal: {down: 3%}"),
        ("crane: {up: 3%}", "crane: {down: 3%}"),
        ("dolly-zoom: {in: 3%}", "dolly-zoom: {out: 3%}"),
        ("orbit: {right: 3deg}", "orbit: {left: 3deg}"),
        ("orbit: {up: 3deg}", "orbit: {down: 3deg}"),
        ("orbit: {closer: 3%}", "orbit: {farther: 3%}"),
    ],
)
def test_a_direction_is_said_as_it_is_written(positive: str, negative: str) -> None:
    """However it is written: by the other word with the other sign too."""
    verbs = {
        ("dolly", "in"): r"\bin, along", ("dolly", "out"): r"\bout, straight", ("crane", "up"): "rises",
        ("crane", "down"): "sinks", ("pedestal", "up"): "rises", ("pedestal", "down"): "sinks",
    }  # fmt: skip
    for text, other in ((positive, negative), (negative, positive)):
        move, word = re.findall(r"[\w-]+", text)[:2]
        amount = re.findall(r"\d\S*(?=})", other)[0]
        flipped = other.replace(amount, f"-{amount}")

        assert re.search(verbs.get((move, word), rf"\b{word}\b"), said(f"- {text}"))
        assert said(f"- {flipped}") == said(f"- {text}")
        assert said(f"- {other}") != said(f"- {text}")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("0%..100%", "the camera's"),
        ("0%..40%", "from the beginning to 40 % of the shot (0.78 s), the"),
        ("20%..60%", "from 20 % to 60 % of the shot (0.39 s to 1.18 s), the"),
        ("20%..", "from 20 % of the shot (0.39 s) on, the"),
        ("0.5s..1.25s", "from 0.5 s to 1.25 s, the"),
        ("12f..24f", "from frame 12 to frame 24, the"),
        ("12f..60%", "from frame 12 to 60 % of the shot (1.18 s), the"),
    ],
)
def test_a_window_is_said_in_its_own_unit(at: str, words: str) -> None:
    """Shares in seconds too: of the 47 frames between the first and the last, not of 48."""
    assert said(f"- pan: 3deg\n  at: {at}").startswith(words)


angles = st.integers(-40, 40)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(angles, angles, angles, st.sampled_from([0, 12, -8]))
def test_the_turn_at_the_end_is_what_pan_tilt_and_roll_add_up_to(pan: int, tilt: int, roll: int, stood: int) -> None:
    """However the source's camera looked down or up; and it stands where it stood."""
    moves = f"- pan: {pan}deg\n- tilt: {tilt}deg\n- roll: {roll}deg"
    text = one_shot(moves).replace("a.mp4}", f"a.mp4, tilt: {stood}deg}}")
    film = parse(text, FILE)
    ending = ending_of(compile_assumed(film.shots[0], film.output))

    assert [math.degrees(angle) for angle in (ending.pan, ending.tilt, ending.roll)] == pytest.approx([pan, tilt, roll])
    assert ending.position == pytest.approx((0.0, 0.0, 0.0))


def test_the_end_of_an_orbit_is_beside_the_subject_and_as_far_from_it() -> None:
    """60 degrees round: sin 60 to the right, half the way in, turned back to it."""
    film = parse(one_shot("- orbit: {right: 60deg}"), FILE)
    ending = ending_of(compile_assumed(film.shots[0], film.output))

    assert ending.position == pytest.approx((math.sin(math.radians(60)), 0.0, 0.5))
    assert (math.degrees(ending.pan), ending.subject_distance) == pytest.approx((-60.0, 1.0))
    assert ending.in_words(film.shots[0].source) == (
        "it ends 87 % of the subject's distance to the right and 50 % in from the source's camera, turned 60 degrees "
        "to the left, at the same distance from the subject; its lens is the source's"
    )


def test_a_camera_that_rolls_clockwise_leans_the_picture_the_other_way() -> None:
    """What stood above the middle is then to the left of it."""
    film = parse(one_shot("- roll: 10deg"), FILE)
    path = compile_assumed(film.shots[0], film.output)
    above = path.world_from_camera[-1, :3, :3].T @ np.array([0.0, -0.2, 1.0])

    assert above[0] < 0
    assert said("- roll: 10deg").endswith(
        "rolls 10 degrees clockwise, so that the picture leans counterclockwise, starting and ending gently"
    )


@pytest.mark.parametrize(("way", "verb"), [("in", "shrinks away"), ("out", "grows")])
def test_behind_a_dolly_zooms_subject_things_shrink_or_grow(way: str, verb: str) -> None:
    """Of something twice as far as the subject."""
    film = parse(one_shot(f"- dolly-zoom: {{{way}: 30%}}"), FILE)
    path = compile_assumed(film.shots[0], film.output)
    size = path.lens_factor[-1] / (2.0 - path.world_from_camera[-1, 2, 3])

    assert (size < 0.5) == (way == "in")
    assert verb in said(f"- dolly-zoom: {{{way}: 30%}}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1e-9, "0"),
        (0.25, "0.25"),
        (1 / 3, "0.333"),
        (59.99999, "60"),
        (1234.5, "1234"),
        (-2.5, "-2.5"),
    ],
)
def test_numbers_are_rounded_and_never_have_an_exponent(value: float, text: str) -> None:
    """Three digits are as many as one reads."""
    assert number(value) == text


def test_one_is_singular_and_seconds_have_hundredths() -> None:
    """Rounded to one is one; a very short time is not nothing."""
    assert [counted_as(value, "degree") for value in (1.0, 0.9999, 0.5, 0.0)] == [
        "1 degree", "1 degree", "0.5 degrees", "0 degrees",
    ]  # fmt: skip
    assert [seconds(value) for value in (Fraction(201, 24), Fraction(1, 24), 120.0, 0.999)] == [
        "8.38 s", "0.0417 s", "120 s", "1 s",
    ]  # fmt: skip


def test_of_what_only_the_media_can_tell_no_numbers_are_said(tmp_path: Path) -> None:
    """Neither frames nor seconds of a source whose length and rate are not stated; it need not be there either."""
    file = tmp_path / "open.yaml"
    file.write_text(
        "ex4d: 1\nsource: {video: none.mp4}\nshots:\n"
        "  - {name: a, camera: [{pan: 20deg, at: 10%..50%}, handheld]}\n"
        "  - {name: b, clip: 3s..}\n  - {name: c, clip: 3f..9f}\n  - {name: d, frames: 9}\n"
    )
    told = explain(file)

    assert [(shot.length, shot.frames) for shot in told.shots] == [
        ("as long as the source", None),
        ("to the end of the source", None),
        ("as long as that part of the source", None),
        ("9 frames", 9),
    ]
    assert told.length == "4 shots"
    assert told.shots[0].camera[0].sentences[0].startswith("From 10 % to 50 % of the shot, the camera's head")
    assert "24 frames a second" in told.assumed
    assert told.shots[1].ends == "The camera is locked off: it shows what the source's camera saw."


def test_one_shot_is_told_alone_and_an_unknown_one_is_answered(tmp_path: Path) -> None:
    """With the nearest name."""
    scene = ROOT / SCENE
    assert parted(f"{scene}#swing") == (scene, "swing")
    assert explain(scene, "swing").shots[0] == explained(SCENE).shots[1]
    with pytest.raises(UserError, match="has no shot 'swnig'; did you mean 'swing'"):
        explain(scene, "swnig")
    odd = tmp_path / "a#b.yaml"
    odd.write_text("")
    assert parted(str(odd)) == (odd, None)


def test_faults_are_told_as_check_tells_them() -> None:
    """Those that show only when cameras are compiled too."""
    with pytest.raises(ShotFileError, match="cannot be read"):
        explain(HERE / "nowhere.yaml")


if __name__ == "__main__":
    import os

    os.environ["COLUMNS"] = "80"
    for film, golden in GOLDENS.items():
        golden.write_text(written(film), encoding="utf-8")
