"""Retimed shots of a real video whose rate varies, each of whose frames carries its number."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest

from ex4d.errors import ShotFileError, UserError
from ex4d.guide import GuideRecipe, draw_guide
from ex4d.preflight.still import draw_still
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.setups import Setup, set_up, set_up_all
from ex4d.shotlist.load import load
from tests.media.footage import SIZE, number_of, write_stamped

COUNT = 40
STAMPS = [0, *accumulate(3000 if index % 5 else 9300 for index in range(COUNT - 1))]
"""In 90,000ths of a second: 30 frames a second, but for every fifth, which stays three times as long."""
TIMES = [Fraction(stamp, 90_000) for stamp in STAMPS]

HEAD = """\
ex4d: 1
source: {video: phone.mp4, depth: {file: depth.npz, unit: m}, lens: 54deg}
output: {fps: 24}
synthesis: {engine: mesh}
shots:
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("phone")
    write_stamped(place / "phone.mp4", STAMPS)
    np.savez_compressed(place / "depth.npz", depth=np.full((COUNT, SIZE[1], SIZE[0]), 4.0, np.float32))
    return place


def set_up_shot(folder: Path, words: str) -> Setup:
    file = folder / "film.yaml"
    file.write_text(f"{HEAD}  - {{name: a, {words}}}\n", encoding="utf-8")
    film = load(file)
    return set_up(film.shots[0], film.output)


def numbers(setup: Setup) -> list[int]:
    guide = draw_guide(setup.footage, setup.path, CpuRasterizer(), GuideRecipe(background=False))
    return [number_of(frame.colour) for frame in guide]


def on_screen(moment: Fraction) -> int:
    return max(index for index, time in enumerate(TIMES) if time <= moment)


def just_before(moment: Fraction) -> int:
    return max(index for index, time in enumerate(TIMES) if time < moment)


def film_moments(count: int) -> list[Fraction]:
    return [Fraction(index, 24) for index in range(count)]


def test_a_clip_shows_what_was_on_screen_at_each_moment(folder: Path) -> None:
    setup = set_up_shot(folder, "clip: 0.25s..1.25s")

    assert setup.footage.scene.source_times == tuple(TIMES)
    assert numbers(setup) == [on_screen(Fraction(1, 4) + u) for u in film_moments(24)]


def test_backwards_it_shows_what_was_on_screen_before(folder: Path) -> None:
    setup = set_up_shot(folder, "clip: 1.25s..0.25s")

    assert numbers(setup) == [just_before(Fraction(5, 4) - u) for u in film_moments(24)]


def test_frames_of_the_source_are_counted_one_by_one(folder: Path) -> None:
    """Ten of them, two of which stay longer, and then the same backwards."""
    there, back = (numbers(set_up_shot(folder, f"clip: {words}")) for words in ("10f..20f", "20f..10f"))
    lasts = TIMES[20] - TIMES[10]

    assert there == [on_screen(TIMES[10] + u) for u in film_moments(round(lasts * 24))]
    assert back == [just_before(TIMES[20] - u) for u in film_moments(round(lasts * 24))]
    assert set(there) <= set(range(10, 20))


def test_a_part_slows_down_stands_still_and_turns_round(folder: Path) -> None:
    words = "time: [{play: 0s..0.5s, speed: 1..0.5}, {freeze: 0.25s}], boomerang: true, frames: 40"
    shown = numbers(set_up_shot(folder, words))
    slowing = [on_screen(u - Fraction(3, 8) * u**2) for u in film_moments(16)]
    there = [*slowing, *[slowing[-1]] * 6]

    assert shown == [*there, *there[-2::-1]][:40]


def test_a_freeze_of_a_moment_holds_what_was_on_screen_then(folder: Path) -> None:
    setup = set_up_shot(folder, "time: [{freeze: 0.5s, of: 1.07s}, {play: 30f..}], frames: 14")

    assert numbers(setup) == [on_screen(Fraction(107, 100))] * 12 + [30, on_screen(TIMES[30] + Fraction(1, 24))]


def test_the_subject_is_measured_on_the_first_frame_shown(folder: Path) -> None:
    depth = np.full((COUNT, SIZE[1], SIZE[0]), 4.0, np.float32)
    depth[24] = 2.0
    np.savez_compressed(folder / "nearer.npz", depth=depth)
    words = "clip: 25f..20f, source: {depth: {file: nearer.npz, unit: m}}"

    assert set_up_shot(folder, words).footage.subject_distance == 2.0


def test_what_a_source_does_not_have_is_told_where_it_is_written(folder: Path) -> None:
    file = folder / "wrong.yaml"
    file.write_text(
        f"{HEAD}  - name: a\n    time:\n      - play: 0s..1s\n      - play: 35f..45f\n"
        "      - {freeze: 1s, of: 9s}\n  - {name: b, clip: 0s..1s, frames: 30}\n",
        encoding="utf-8",
    )
    film = load(file)
    with pytest.raises(ShotFileError) as found:
        set_up_all(film.shots, film.output)

    length = f"the source is {float(TIMES[-1] + Fraction(1, 30)):.6g}s long (40 frames)"
    assert str(found.value).splitlines() == [
        f"{file}:9:9   shots[0].time[1]: shot 'a': its part 35f..45f leaves the source; {length}",
        f"{file}:10:9   shots[0].time[2]: shot 'a': it freezes the frame of 9s, and there is none; {length}",
        f"{file}:11:29   shots[1].frames: shot 'b': 1s at 24 frames a second is 24 frames, and frames asks for 30; "
        "ask for fewer, or play more",
        "3 problems; nothing was rendered",
    ]


def test_a_moment_of_a_still_is_of_the_shots_own_time(folder: Path) -> None:
    setup = set_up_shot(folder, "time: [{play: 0.5s..1s, speed: 0.25}]")
    still = draw_still(f"{folder / 'film.yaml'}#a@1.5s", "source")
    last = draw_still(f"{folder / 'film.yaml'}#a@2s", "source")

    assert (still.index, number_of(still.image)) == (36, on_screen(Fraction(1, 2) + Fraction(3, 8)))
    assert last.index == setup.frame_count - 1 == 47
    with pytest.raises(UserError, match=r"ends at frame 47; 2\.1s is beyond it"):
        draw_still(f"{folder / 'film.yaml'}#a@2.1s", "source")
