"""Cameras are drawn within their ranges, by their weights, and read as any shot's camera is."""

from __future__ import annotations

import json
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import ShotFileError
from ex4d.shotlist.load import parse as parse_shots
from ex4d.shotlist.model import CameraItem, Dolly, Orbit, Spline
from ex4d.shotlist.units import format_number, read_quantity
from ex4d.training.config.draws import CameraDraws, ShotCamera
from ex4d.training.config.load import parse
from ex4d.training.config.ranges import FINENESS, range_in
from ex4d.training.config.usual import USUAL_CAMERAS
from tests.shotlist.reading import film
from tests.training.config.files import FILE, SHORT, with_cameras

NUMBERS = st.decimals(-10_000, 10_000, places=3).map(lambda value: format_number(Fraction(value)))
MANY = (
    "camera: [{orbit: {left: 10deg to 80deg, closer: -10% to 30%}, at: 10%..}, {handheld: {amount: 0 to 0.5}}]",
    "camera: [{use: orbit-right@1, with: {angle: -60deg to 60deg}}, {dolly: 10% to 0.4%}]".replace("0.4%", "40%"),
    "camera: [{spline: {keys: [{at: 0%}, {at: 100%, position: [5% to 60%, 0%, 10%], look_at: subject}]}}]",
    'camera: [{path: {right: "min(s, 0.5) * sin(2 * s)", look_at: [40% to 60%, 50%]}}]',
    "camera: [hold, {handheld: }, {zoom: 1x to 1.5x}]",
)
"""Cameras of every form of writing."""


def draws_of(*entries: str, file: Path = FILE) -> CameraDraws:
    """The cameras of a file that states them."""
    return CameraDraws.of(parse(with_cameras(*entries), file))


def drawn(draws: CameraDraws, *, seed: int = 0, count: int = 1) -> list[tuple[tuple[CameraItem, ...], str]]:
    """The cameras that are drawn one after the other."""
    generator = np.random.default_rng(seed)
    return [draws.drawn(generator) for _ in range(count)]


@given(first=NUMBERS, second=NUMBERS, unit=st.sampled_from(("", "deg", "%", "x")), share=st.floats(0.0, 1.0))
def test_a_value_is_within_its_range_and_is_written_exactly(first: str, second: str, unit: str, share: float) -> None:
    low, high = sorted((Fraction(first), Fraction(second)))
    written = range_in(f"{format_number(low)}{unit} to {format_number(high)}{unit}")
    assert written is not None
    value = written.at(share)

    assert low <= value.value <= high
    assert value.unit == unit
    assert read_quantity(str(value)) == value
    assert written.at(0.0).value == low
    assert written.at(1.0).value == written.at(float(np.nextafter(1.0, 0.0))).value == high  # drawn shares are below 1
    assert written.steps >= FINENESS or low == high


def test_the_values_of_a_range_are_evenly_likely() -> None:
    """Each tenth of a range has a tenth of the draws, within five standard deviations of that."""
    written, generator, count = range_in("20deg to 90deg"), np.random.default_rng(0), 5000
    assert written is not None
    angles = [float(written.at(generator.random()).value) for _ in range(count)]
    tenths = np.histogram(angles, np.linspace(20.0, 90.0, 11))[0]

    assert tenths.sum() == count
    assert np.abs(tenths - count / 10).max() <= 5.0 * np.sqrt(count * 0.1 * 0.9)


@pytest.mark.parametrize("entry", MANY)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=4, deadline=None)
def test_what_is_drawn_is_a_shot_camera_as_it_is_written(entry: str, seed: int) -> None:
    """The words of a drawn camera, put into a shot list, are that camera."""
    ((items, words),) = drawn(draws_of(entry), seed=seed)

    (shot,) = parse_shots(film(f"  - name: a\n    clip: 0s..2s\n    camera: [{words}]\n"), FILE).shots
    assert shot.camera == items


@pytest.mark.parametrize("entry", MANY)
def test_a_camera_without_ranges_draws_itself(entry: str) -> None:
    """And it asks for no value: the next draw is the same as without it."""
    ((items, words),) = drawn(draws_of(entry))
    again, generator = draws_of(f"camera: [{words}]"), np.random.default_rng(1)

    assert again.drawn(generator) == again.drawn(np.random.default_rng(2)) == (items, words)
    assert generator.random() == np.random.default_rng(1).random(2)[1]


def test_the_same_seed_draws_the_same_cameras() -> None:
    draws = draws_of(*MANY)

    assert drawn(draws, seed=5, count=4) == drawn(draws_of(*MANY), seed=5, count=4)
    assert drawn(draws, seed=5, count=4) != drawn(draws, seed=6, count=4)


def test_every_value_is_drawn_by_itself() -> None:
    """Two ranges of the same ends are not the same value, and both fill their square."""
    draws = draws_of("camera: [{orbit: {right: 0deg to 40deg, up: 0deg to 40deg}}]")
    moves = [items[0].move for items, _ in drawn(draws, count=100)]
    values = np.array([(move.right, move.up) for move in moves if isinstance(move, Orbit)])

    assert abs(np.corrcoef(values.T)[0, 1]) < 0.25
    assert np.ptp(values, axis=0) == pytest.approx(np.deg2rad(40.0), rel=0.1)


def test_weights_say_how_often_a_camera_is_drawn() -> None:
    """Within five standard deviations."""
    entries = [f"{{camera: [dolly: {n}%], weight: {weight}}}" for n, weight in ((10, 1), (20, 2.5), (30, 0.5))]
    count = 300
    found = Counter(words for _, words in drawn(draws_of(*entries), count=count))

    for words, share in (("dolly: 10%", 0.25), ("dolly: 20%", 0.625), ("dolly: 30%", 0.125)):
        assert abs(found[words] - share * count) <= 5.0 * np.sqrt(count * share * (1.0 - share))


def test_the_camera_of_a_shot_is_drawn_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "film.yaml").write_text(film("  - {name: in, clip: 0s..1s, camera: [dolly: 25%]}\n"))
    ((items, words),) = drawn(draws_of("shot: film.yaml#in", file=tmp_path / "train.yaml"))

    assert words == "film.yaml#in"
    assert [item.move for item in items] == [Dolly(distance=0.25)]


def test_presets_of_a_shot_are_known(tmp_path: Path) -> None:
    """So that a check can say which versions were taken."""
    (tmp_path / "film.yaml").write_text(film("  - {name: in, clip: 0s..1s, camera: [use: orbit-right]}\n"))
    (camera,) = draws_of("shot: film.yaml#in", file=tmp_path / "train.yaml").cameras

    assert isinstance(camera, ShotCamera)
    assert [(use.name, use.pinned) for use in camera.camera.presets] == [("orbit-right", False)]


def test_a_project_has_its_own_presets(tmp_path: Path) -> None:
    (tmp_path / "trajectories" / "mine").mkdir(parents=True)
    preset = "preset: mine\nversion: 1\nex4d: 1\nabout: mine\ncamera: [dolly: 25%]\n"
    (tmp_path / "trajectories" / "mine" / "v1.yaml").write_text(preset)

    ((items, _),) = drawn(draws_of("camera: [use: mine@1]", file=tmp_path / "train.yaml"))
    assert [item.move for item in items] == [Dolly(distance=0.25)]


def test_without_cameras_the_usual_ones_are_drawn() -> None:
    """They are sound at the ends of their ranges, as if the file stated them, and each is drawn some time."""
    stated = draws_of(*(f"{{camera: {moves}, weight: {weight}}}" for moves, weight in USUAL_CAMERAS))
    usual = CameraDraws.of(parse(SHORT, FILE))

    cameras = drawn(usual, count=45)
    assert cameras == drawn(stated, count=45)
    assert {_moves(words) for _, words in cameras} == {_moves(moves) for moves, _ in USUAL_CAMERAS}


def _moves(words: str) -> tuple[str, ...]:
    return tuple(re.findall("[a-z0-9-]+: ", words))


def test_a_camera_that_is_sound_at_its_ends_may_not_be_between_them() -> None:
    """Then it is refused when it is drawn, with its place."""
    draws = draws_of("camera: [{handheld: {seed: 0 to 2}}]")
    with pytest.raises(ShotFileError, match=r"train.yaml:7:.*handheld.seed: '0\.\d+' is not a whole number"):
        drawn(draws, count=1)


def test_a_range_stands_in_a_key_of_a_spline() -> None:
    ((items, _),) = drawn(draws_of(MANY[2]))

    assert isinstance(items[0].move, Spline)
    assert 0.05 <= items[0].move.keys[1].position[0] <= 0.6


def test_ingredients_tell_apart_what_draws_other_cameras(tmp_path: Path) -> None:
    """Other ranges, weights, presets and files of cameras are other ingredients; the same file has the same."""
    folder = tmp_path / "trajectories" / "mine"
    folder.mkdir(parents=True)
    preset = "preset: mine\nversion: 1\nex4d: 1\nabout: mine\ncamera: [dolly: 25%]\n"
    preset = preset.replace("camera", "params: {d: {default: 1%, min: 0%, max: 9%, about: d}}\ncamera")
    cameras = {"ex4d_cameras": 1, "frame_rate": "24", "lens_factor": [1.0], "world_from_camera": [np.eye(4).tolist()]}

    def ingredients(entry: str, *, distance: str = "25%", lens: float = 1.0) -> tuple[str, ...]:
        (folder / "v1.yaml").write_text(preset.replace("25%", distance))
        (tmp_path / "cameras.json").write_text(json.dumps(cameras | {"lens_factor": [lens]}))
        return draws_of(entry, file=tmp_path / "train.yaml").ingredients()

    ranged = "camera: [{use: mine@1, with: {d: 0% to 5%}}]"  # 0% is the same camera in both presets
    of_file = "camera: [file: {file: cameras.json, scale: 40%}]"
    found = [
        ingredients("camera: [dolly: 10% to 20%]"),
        ingredients("camera: [dolly: 10% to 30%]"),
        ingredients("{camera: [dolly: 10% to 20%], weight: 2}"),
        ingredients("camera: [use: mine@1]"),
        ingredients("camera: [use: mine@1]", distance="26%"),
        ingredients(ranged, distance="$d"),
        ingredients(ranged, distance="$(2 * d)"),
        ingredients(of_file),
        ingredients(of_file, lens=1.1),
    ]
    assert len(set(found)) == len(found)
    assert ingredients("camera: [dolly: 10% to 20%]") == found[0]
    assert ingredients(of_file) == found[7]
