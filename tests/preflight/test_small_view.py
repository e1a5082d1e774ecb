"""Why a frame is uncovered, and what overscan hides what lies beyond: against what geometry says of a plain wall."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ex4d.preflight import coverage_scan
from ex4d.preflight.coverage_scan import spread
from ex4d.preflight.overscan import GRAIN
from ex4d.preflight.plan import ShotPlan, plan
from tests.tiny_film import FRAMES, HEIGHT, SHOTS, WIDTH, write_tiny_film

pytestmark = pytest.mark.usefixtures("own_folders")
WALL = 4.0
PLAIN = np.full((FRAMES, HEIGHT, WIDTH), WALL, np.float32)
FOCAL = 0.5 * WIDTH / math.tan(math.radians(27.0))
HEAD = SHOTS[: SHOTS.index("  - name: still")].replace("lens: 54deg", "lens: 54deg, subject: {depth: 4}")


def planned(
    folder: Path, *camera: str, overscan: str = "0%", square: bool = False, head: str = HEAD, depth: np.ndarray = PLAIN
) -> ShotPlan:
    """Plan a shot of a wall at 4 m, or of another depth, or with the square at 2 m before it."""
    folder.mkdir(exist_ok=True)
    head = head.replace("output: {", f"output: {{overscan: {overscan}, ")
    moves = "".join(f"      - {move}\n" for move in camera)
    file = write_tiny_film(folder, f"{head}  - name: one\n    clip: 0.5s..1.5s\n    camera:\n{moves}")
    if not square:
        np.savez_compressed(folder / "tiny.npz", depth=depth)
    (shot,) = plan(file).shots
    return shot


def bared(truck: float) -> float:
    """Return the share of the width that a truck by a part of the wall's distance bares."""
    return FOCAL * truck / WIDTH


@pytest.mark.parametrize("truck", [0.05, 0.2])
def test_beside_a_wall_all_that_is_uncovered_lies_beyond_the_frame(tmp_path: Path, truck: float) -> None:
    sight = planned(tmp_path, f"truck: {100 * truck}%").scan.frames[-1].sight

    assert sight.beyond == sight.uncovered
    assert sight.behind == 0
    assert sight.uncovered == pytest.approx(bared(truck), abs=1.5 / WIDTH)


def test_a_camera_that_turns_round_sees_nothing_but_what_lies_beyond(tmp_path: Path) -> None:
    sight = planned(tmp_path, "pan: 120deg").scan.frames[-1].sight

    assert (sight.uncovered, sight.beyond) == (1.0, 1.0)


def test_what_is_hidden_by_the_outermost_pixels_is_behind_them(tmp_path: Path) -> None:
    """A post at 2 m fills the first column; the camera goes right and looks back to the left of it."""
    depth = np.full((FRAMES, HEIGHT, WIDTH), WALL, np.float32)
    depth[:, :, 0] = 2.0
    sight = planned(tmp_path, "truck: 10%", "pan: {left: 20deg}", depth=depth).scan.frames[-1].sight

    assert sight.behind > 0.5 * bared(0.1)


def test_behind_a_square_nothing_that_is_uncovered_lies_beyond_the_frame(tmp_path: Path) -> None:
    """The overscan is large enough to keep the edges out of sight."""
    scan = planned(tmp_path, "truck: 10%", overscan="50%", square=True).scan

    assert max(frame.sight.beyond for frame in scan.frames) == 0
    assert scan.frames[-1].sight.behind > 0.02


@pytest.mark.parametrize("truck", [0.05, -0.12])
def test_the_overscan_that_is_proposed_is_the_smallest_that_bares_no_edge(tmp_path: Path, truck: float) -> None:
    move = f"truck: {100 * truck}%"
    advice = planned(tmp_path, move).overscan
    exact = bared(abs(truck)) / (0.5 - bared(abs(truck)))

    assert advice is not None and advice.least is not None
    assert exact <= advice.least + 2 / WIDTH
    assert advice.least <= exact + 3 / WIDTH + GRAIN
    assert advice.in_words in str(advice)
    less = planned(tmp_path / "less", move, overscan=f"{100 * (advice.least - 0.03):.1f}%")
    assert max(frame.sight.beyond for frame in less.scan.frames) > 0
    with_it = planned(tmp_path, move, overscan=advice.in_words.removeprefix("overscan: "))
    assert max(frame.sight.beyond for frame in with_it.scan.frames) == 0
    assert with_it.overscan is None or with_it.overscan.least == pytest.approx(advice.least, abs=2 * GRAIN)


def test_an_overscan_that_is_larger_than_need_be_is_told_as_is_one_that_cannot_be(tmp_path: Path) -> None:
    less = planned(tmp_path, "truck: 3%", overscan="40%").overscan
    none = planned(tmp_path, "truck: 60%").overscan

    assert less is not None and less.least is not None
    assert less.least < 0.2
    assert "would do" in str(less)
    assert none is not None
    assert none.least is None
    assert "no overscan up to 50% hides it" in str(none)


def test_a_camera_that_stays_needs_no_overscan(tmp_path: Path) -> None:
    assert planned(tmp_path, "hold").overscan is None


def test_few_frames_of_a_long_shot_are_looked_at_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage_scan, "MOST_FRAMES", 5)
    scan = planned(tmp_path, "truck: 5%").scan

    assert [frame.index for frame in scan.frames] == spread(12, 5) == [0, 3, 6, 8, 11]
    assert scan.thinned


@pytest.mark.parametrize(("count", "most"), [(1, 240), (2, 240), (240, 240), (241, 240), (10_000, 240)])
def test_frames_are_spread_from_the_first_to_the_last(count: int, most: int) -> None:
    frames = spread(count, most)

    assert (frames[0], frames[-1], len(frames)) == (0, count - 1, min(count, most))
    assert max(np.diff(frames), default=1) - min(np.diff(frames), default=1) <= 1
