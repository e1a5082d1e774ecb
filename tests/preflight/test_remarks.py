"""What is warned of before a shot is made, at which frame and with which numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ex4d.preflight.plan import ShotPlan, plan
from ex4d.trajectory.warnings import Remark
from tests.preflight.test_small_view import HEAD, planned
from tests.tiny_film import write_tiny_film

pytestmark = pytest.mark.usefixtures("own_folders")


def remark(shot: ShotPlan, kind: str) -> Remark:
    (found,) = (each for each in shot.remarks if each.kind == kind)
    return found


def kinds(shot: ShotPlan) -> list[str]:
    return [each.kind for each in shot.remarks]


def test_a_camera_that_stands_behind_what_was_filmed_is_told_with_its_first_frame(tmp_path: Path) -> None:
    """The square stands at 2 m in the middle; the camera goes to 2.4 m, straight through it."""
    shot = planned(tmp_path, "dolly: 60%", square=True)
    inward = 4.0 * shot.setup.path.world_from_camera[:, 2, 3]
    first = int(np.argmax(inward >= 2.0 - 1e-3))

    assert remark(shot, "inside").frame == first
    assert "by 10% of the subject's distance" in str(remark(shot, "inside"))
    assert kinds(shot)[0] == "inside"
    assert "inside" not in kinds(planned(tmp_path, "dolly: 45%", square=True))
    assert "inside" not in kinds(planned(tmp_path, "dolly: 60%"))


def test_a_camera_beside_what_was_filmed_is_not_inside_it(tmp_path: Path) -> None:
    """It is as far in as the square, but where only the wall behind was filmed, or nothing."""
    assert "inside" not in kinds(planned(tmp_path, "dolly: 60%", "truck: 25%", square=True))
    assert "inside" not in kinds(planned(tmp_path, "dolly: 60%", "truck: 90%", square=True))


@pytest.mark.parametrize(("stated", "told"), [("6m", "+50%"), ("3.5m", "-12%"), ("4.2m", None)])
def test_metres_that_the_depth_denies_are_told(tmp_path: Path, stated: str, told: str | None) -> None:
    shot = planned(tmp_path, "truck: 5%", head=HEAD.replace("lens: 54deg", f"lens: 54deg, subject_distance: {stated}"))

    assert ("metres" in kinds(shot)) is (told is not None)
    assert told is None or (told in str(remark(shot, "metres")) and "write subject_distance: 4m" in str(shot.remarks))


def test_a_subject_that_comes_and_goes_is_told_with_its_frames(tmp_path: Path) -> None:
    shot = planned(tmp_path, "truck: 5%", square=True, head=HEAD.replace("subject: {depth: 4}", "subject: [35%, 50%]"))
    found = remark(shot, "subject")

    assert "+100%" in str(found)
    assert shot.scan.frames[found.frame or 0].subject_change == pytest.approx(1.0)
    assert abs(shot.scan.frames[(found.frame or 1) - 1].subject_change) < 0.1


def test_what_an_engine_pads_and_resizes_is_told(tmp_path: Path) -> None:
    _, swing, _ = plan(write_tiny_film(tmp_path), engine="ex4d").shots

    assert "ex4d works on 13 frames: 1 is padded and trimmed: frames: 9 or 13 would waste none" in swing.warnings
    assert any("works at 512x512: frames of 64x48 are resized" in words for words in swing.warnings)
    assert not {"padding", "resized"} & set(kinds(plan(write_tiny_film(tmp_path)).shots[1]))


def test_a_shot_that_hardly_shows_what_was_filmed_is_told_how_to_find_out_how_much_less(tmp_path: Path) -> None:
    shot = planned(tmp_path, "truck: 150%")
    found = remark(shot, "uncovered")

    assert found.frame == shot.worst_frame
    assert "100% uncovered" in found.what
    assert "--fit 35% --shot one" in found.instead


def test_handheld_is_no_jolt(tmp_path: Path) -> None:
    assert "jolt" not in kinds(planned(tmp_path, "handheld: {amount: 8, frequency: 4Hz}"))


def test_remarks_come_heaviest_first_and_say_what_to_write(tmp_path: Path) -> None:
    shot = planned(tmp_path, "dolly: 60%", "pan: 95deg", square=True)
    weights = [each.weight for each in shot.remarks]

    assert weights == sorted(weights, reverse=True)
    assert len(weights) > 1
    assert all(each.instead for each in shot.remarks)
    assert all(re.search(r"frame \d", each.what) for each in shot.remarks)


def test_a_usual_film_has_nothing_to_warn_of(tmp_path: Path) -> None:
    _, swing, _ = plan(write_tiny_film(tmp_path)).shots

    assert swing.remarks == ()
