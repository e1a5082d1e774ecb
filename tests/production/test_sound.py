"""A whole little film with sound: the clicks of its source are heard when the edit shows their moment."""

from __future__ import annotations

import io
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from ex4d.cli.plan_json import plan_as_json
from ex4d.cli.summary import print_summary, summary_as_json
from ex4d.errors import MediaError
from ex4d.media.probe import probe
from ex4d.media.sound import find_sound
from ex4d.preflight.plan import plan as planned
from ex4d.production import Production
from tests.generation.renders import Heard
from tests.media.sounding import click_times, clicks, damage, decoded, tone, write_video
from tests.production.shooting import digests, shot_in
from tests.tiny_film import RATE, source_depth

SHOTS = """\
ex4d: 1
source: {video: talk.mp4, depth: {file: tiny.npz, unit: m}, lens: 54deg}
output: {file: film.mp4}
synthesis: {engine: mesh}
audio: source
end: fade 0.25s
shots:
  - {name: open, clip: 0s..0.75s}
  - name: bullet
    time: [{play: 0.75s..1s}, {freeze: 0.5s}, {play: 0.5s..0.75s}]
  - {name: close, clip: 1s..2s, transition: wipe left 0.25s}
"""
CLICKS = (0.3, 0.9, 1.1, 1.5)


def film_file(folder: Path, sound: np.ndarray | None, shots: str = SHOTS) -> Path:
    write_video(folder / "talk.mp4", sound, frames=24, fps=Fraction(12))
    np.savez_compressed(folder / "tiny.npz", depth=source_depth())
    (folder / "film.yaml").write_text(shots, encoding="utf-8")
    return folder / "film.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Production:
    """The film, shot once for all that only look at it."""
    return shot_in(film_file(tmp_path_factory.mktemp("film"), clicks(2, 48_000, CLICKS)))


def changed(made: Production, folder: Path, *change: str) -> tuple[Production, set[str]]:
    """Shoot a copy of the film with one word changed; return which files are others than before."""
    home = made.workspace.folder.parent
    shutil.copytree(home, folder, dirs_exist_ok=True)
    (folder / "film.yaml").write_text(SHOTS.replace(*change), encoding="utf-8")
    again = shot_in(folder / "film.yaml")
    assert [take.kept for take in again.takes] == [True] * 3
    before = digests(made.workspace.folder)
    return again, {name for name, digest in digests(again.workspace.folder).items() if before[name] != digest}


def test_clicks_are_heard_when_the_film_shows_their_moment(made: Production) -> None:
    """0.3 s into the first shot, 0.15 s into the second, 0.1 s and 0.5 s into the third, which a wipe begins early."""
    heard = decoded(made.workspace.edit)
    frames = 9 + 12 - 3 + 12
    assert probe(made.workspace.edit).frame_count == frames
    assert len(heard) / 48_000 == pytest.approx(frames / RATE, abs=1024 / 48_000)
    assert click_times(heard, above=0.15) == pytest.approx([0.3, 0.9, 1.6, 2.0], abs=1e-3)
    loud = [np.abs(heard[round(48_000 * at) :][:48]).max() for at in (1.6, 2.0)]
    assert loud[0] / loud[1] == pytest.approx(0.4, abs=0.05)  # 0.1 s of the wipe's 0.25 s


def test_the_summary_says_where_the_film_sounds(made: Production) -> None:
    told = summary_as_json(made)
    assert told["sound"] == {
        "open": "sounds throughout",
        "bullet": "sounds at 0s..0.25s, 0.75s..1s",
        "close": "sounds throughout",
    }
    joins = [(each["start"], each["head"]["kind"], each["tail"]["kind"]) for each in told["edit"]]
    assert joins == [(0, "cut", "cut"), (9, "cut", "wipe"), (18, "wipe", "fade")]


def test_the_printed_summary_has_a_line_for_it(made: Production) -> None:
    console = Console(record=True, file=io.StringIO(), width=200)
    print_summary(made, console)
    words = "open, close sound throughout; bullet sounds at 0s..0.25s, 0.75s..1s"
    assert f"sound     the source's: {words}" in console.export_text()


def test_damaged_sound_is_found_before_anything_is_made(tmp_path: Path) -> None:
    file = film_file(tmp_path, clicks(2, 48_000, CLICKS))
    write_video(tmp_path / "talk.mkv", tone(2, 48_000), code="flac", frames=24, fps=Fraction(12))
    damage(tmp_path / "talk.mkv")
    file.write_text(SHOTS.replace("talk.mp4", "talk.mkv"), encoding="utf-8")
    with pytest.raises(MediaError, match=r"talk\.mkv: its sound is damaged"):
        shot_in(file)
    assert not (tmp_path / "out").exists()


def test_a_plan_says_it_too(made: Production) -> None:
    plan = plan_as_json(planned(made.workspace.folder.parent / "film.yaml"))
    told = summary_as_json(made)
    assert (plan["sound"], plan["edit"], plan["frames"]) == (told["sound"], told["edit"], told["frames"])


def test_takes_are_silent(made: Production) -> None:
    assert all(find_sound(probe(take.movie)) == "has no sound" for take in made.takes)


@pytest.mark.parametrize(
    "change", [("end: fade 0.25s", "end: dip-white 0.25s"), ("wipe left", "wipe up"), ("audio: source", "audio: none")]
)
def test_a_change_of_the_edit_makes_the_edit_alone_anew(
    made: Production, tmp_path: Path, change: tuple[str, str]
) -> None:
    again, others = changed(made, tmp_path, *change)
    assert others == {"film.mp4", "film.otio", "film.takes/edit.key"}
    assert isinstance(find_sound(probe(again.workspace.edit)), str) is ("none" in change[1])


def test_a_film_that_is_moved_is_not_made_again(made: Production, tmp_path: Path) -> None:
    _, others = changed(made, tmp_path, "audio: source", "audio: source")
    assert others == set()


def test_a_film_without_any_sound_has_no_sound_track_and_says_so(tmp_path: Path) -> None:
    listener = Heard()
    made = shot_in(film_file(tmp_path, None), progress=listener)
    assert find_sound(probe(made.workspace.edit)) == "has no sound"
    assert "sound: open, bullet, close silent, because talk.mp4 has no sound" in listener.said
    assert "sound: no shot sounds, so the film has no sound track" in listener.said
