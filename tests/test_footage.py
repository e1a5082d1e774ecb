"""A clip is the same in any unit of depth that can be drawn, and refused in any other."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.mesh_profile import PROFILES
from ex4d.errors import MediaError, ReconstructionError
from ex4d.footage import DEEPEST, NEAREST_SUBJECT, Footage, open_footage
from ex4d.guide import GuideRecipe
from ex4d.preflight.plan import plan
from ex4d.shotlist.load import load
from tests.tiny_film import SHOTS, source_depth, write_tiny_film

SUBJECT = DEEPEST_POINT = 4.0
"""Where they are in the first shot of the tiny film, m."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def film(folder: Path, times: float, unit: str = "relative") -> Path:
    """Write the tiny film with its depth so many times as large."""
    file = write_tiny_film(folder, SHOTS.replace("unit: m", f"unit: {unit}"))
    np.savez_compressed(folder / "tiny.npz", depth=(source_depth() * times).astype(np.float32))
    return file


def opened(file: Path) -> Footage:
    read = load(file)
    return open_footage(read.shots[0], read.output)


@pytest.mark.parametrize("times", [2.0**-7, 2.0**-3, 2.0**20, 2.0**96])
def test_what_is_uncovered_does_not_depend_on_the_unit_of_depth(tmp_path: Path, times: float) -> None:
    (tmp_path / "once").mkdir()
    in_metres = [shot.coverage for shot in plan(film(tmp_path / "once", 1.0)).shots]
    assert in_metres[1][11].uncovered > 0.1
    assert [shot.coverage for shot in plan(film(tmp_path, times)).shots] == in_metres


def test_a_unit_so_large_that_the_subject_is_at_the_camera_is_refused(tmp_path: Path) -> None:
    """Nothing would be seen of it, as it lies before the near plane."""
    assert opened(film(tmp_path, 1.01 * NEAREST_SUBJECT / SUBJECT)).subject_distance == pytest.approx(0.0101)
    with pytest.raises(ReconstructionError, match=r"subject's depth is 0\.0099, .*smaller unit"):
        opened(film(tmp_path, 0.99 * NEAREST_SUBJECT / SUBJECT))


def test_metres_taken_for_millimetres_are_refused_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"half of them below 4, as metres are; .*: write m$"):
        opened(film(tmp_path, 1.0, unit="mm"))


def test_a_number_that_stands_for_unknown_is_no_depth(tmp_path: Path) -> None:
    """As the greatest float32, which some programs write for the sky."""
    assert opened(film(tmp_path, 0.99 * DEEPEST / DEEPEST_POINT)).depth.statistics.largest < DEEPEST
    with pytest.raises(ReconstructionError, match=r"1\.01e\+30, .*write 'unknown: ' and that number"):
        opened(film(tmp_path, 1.01 * DEEPEST / DEEPEST_POINT))


def test_the_references_depths_are_of_a_clip_whose_nearest_point_is_a_39th_of_the_border(tmp_path: Path) -> None:
    """The tiny film's is at 2: the border then is 39 times as far, and far 390 times; in depth units they stay."""
    footage, recipe = opened(film(tmp_path, 1.0)), GuideRecipe(PROFILES["reference"])
    scaled = recipe.profile_of(footage)
    assert (scaled.border_depth, scaled.far) == (pytest.approx(78.0), pytest.approx(780.0))
    assert replace(recipe, in_depth_units=True).profile_of(footage) == PROFILES["reference"]


@pytest.mark.parametrize(("step", "interpolated"), [(1.2, True), (1.45, False)])
def test_enlarged_depth_is_interpolated_where_the_source_s_own_mesh_shows_the_face(
    tmp_path: Path, step: float, interpolated: bool
) -> None:
    """Of its lens of 63 px the widest step is 1.36; of the enlarged one, four times as long, it would be 1.09."""
    file = write_tiny_film(tmp_path, SHOTS.replace("tiny.mp4}", "tiny.mp4, size: 256x192}"))
    depth = np.full_like(source_depth(), 4.0)
    depth[..., 32:] *= step
    np.savez_compressed(tmp_path / "tiny.npz", depth=depth)
    footage = opened(file)
    enlarged, _ = footage.depth_in_view(Fraction(0))
    (frame,) = footage.frames([Fraction(0)])

    assert (len(np.unique(enlarged.round(4))) > 2) == interpolated
    assert (len(np.unique(frame.depth.round(4))) > 2) == interpolated
