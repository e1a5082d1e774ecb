"""What is said of uncovered places beforehand is what the guide has, and what is written beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.engines.options import EngineOptions
from ex4d.errors import MediaError
from ex4d.preflight.plan import drawn_frames, plan
from ex4d.preflight.still import draw_still
from ex4d.production import Production
from ex4d.render.coverage import coverage_of, summary_of, worst_frame
from tests.production.shooting import shot_in
from tests.tiny_film import source_depth

pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.fixture
def made(file: Path) -> Production:
    return shot_in(file)


SMALL = 0.01
"""By what share a small rendering may differ from the guide's own frame."""


def test_a_plan_foretells_the_guide_s_own_coverage(file: Path, made: Production) -> None:
    """Exactly, of the frames that it draws in full size; and the worst of the guide is among these."""
    for shot, take in zip(plan(file).shots, made.takes, strict=True):
        drawn = {
            index: coverage_of(frame.visible)
            for index, frame in enumerate(GuideVideo.load(take.folder / "guide").frames())
        }
        assert list(shot.coverage) == drawn_frames(len(drawn), shot.scan.worst.index)
        assert shot.coverage == {index: drawn[index] for index in shot.coverage}
        assert shot.coverage == {index: take.coverage[index] for index in shot.coverage}
        assert shot.worst_frame == worst_frame(drawn)


def test_a_plan_has_the_share_of_every_frame_to_within_a_point(file: Path, made: Production) -> None:
    for shot, take in zip(plan(file).shots, made.takes, strict=True):
        small = {frame.index: frame.sight.uncovered for frame in shot.scan.frames}
        assert list(small) == list(range(shot.setup.frame_count))
        assert max(abs(share - take.coverage[index].uncovered) for index, share in small.items()) < SMALL
        assert shot.scan.mean == pytest.approx(sum(small.values()) / len(small))


def test_a_take_s_notes_have_the_guide_s_own_coverage(made: Production) -> None:
    for take in made.takes:
        drawn = [coverage_of(frame.visible) for frame in GuideVideo.load(take.folder / "guide").frames()]
        stored = json.loads((take.folder / "uncovered.json").read_text(encoding="utf-8"))
        manifest = json.loads((take.folder / "manifest.json").read_text(encoding="utf-8"))
        assert stored == [frame.as_json() for frame in drawn]
        assert [frame.as_json() for frame in take.coverage] == stored
        assert manifest["uncovered"] == summary_of(dict(enumerate(take.coverage)))


def test_a_still_has_the_guide_s_own_coverage(file: Path, made: Production) -> None:
    swing = list(GuideVideo.load(made.takes[1].folder / "guide").frames())
    assert draw_still(f"{file}#swing@100%", "guide").coverage == coverage_of(swing[-1].visible)


def test_a_camera_that_goes_right_uncovers_what_is_left_of_the_frame_and_of_the_square(file: Path) -> None:
    """It looks back at the square, so the frame's left side lies beyond what was filmed."""
    _, swing, _ = plan(file).shots
    assert swing.coverage[swing.worst_frame].where == "on the left"
    assert swing.coverage[0].where == "nowhere"


def test_notes_of_another_kind_are_a_clear_error(file: Path, made: Production) -> None:
    """As shares alone: takes with such notes are made again, as their key tells; under our key they are damage."""
    note = made.takes[1].folder / "uncovered.json"
    note.write_text(json.dumps([0.25] * 12), encoding="utf-8")
    with pytest.raises(MediaError, match=r"uncovered\.json is damaged .* made again"):
        shot_in(file)


def test_a_border_that_hides_the_scene_is_told_instead_of_advice_to_move_less(file: Path) -> None:
    """A speck of depth draws EX-4D's border, at 39 nearest depths, before the wall."""
    usual = plan(file, options=EngineOptions(guide="reference"))
    depth = source_depth()
    depth[:, 30, 40] = depth.max() / 100
    np.savez_compressed(file.parent / "tiny.npz", depth=depth)
    hidden = plan(file, options=EngineOptions(guide="reference"))
    clean = plan(file)
    assert not [words for shot in usual.shots for words in shot.warnings if "border" in words]
    assert all(any("--guide clean" in words for words in shot.warnings) for shot in hidden.shots)
    assert not [words for shot in hidden.shots for words in shot.warnings if "move it less" in words]
    assert not [words for shot in clean.shots for words in shot.warnings if "border" in words]
