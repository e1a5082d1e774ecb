"""Profiles say what is wrong with them, all at once, and mean the same in any unit of depth."""

from dataclasses import replace

import pytest

from ex4d.artifacts.mesh_profile import PROFILES, MeshProfile
from ex4d.errors import UserError

CLEAN, REFERENCE = PROFILES["clean"], PROFILES["reference"]


def test_the_reference_is_the_released_code():
    """Section 2 of its facts: vertices hidden, whole coordinates, border at 100, far at 1000, the angle alone."""
    assert (
        MeshProfile(rule="vertex", pixel_origin="corner", border_depth=100.0, min_angle_deg=2.5, far=1000.0, ring=False)
        == REFERENCE
    )
    assert (REFERENCE.depth_share, REFERENCE.depth_ratio, REFERENCE.steepness) == (None, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, value) for name in ("border_depth", "depth_share", "steepness", "far") for value in (0.0, -1.0)),
        ("border_depth", float("nan")),
        ("far", float("inf")),
        *((name, 1e39) for name in ("border_depth", "far")),
        ("min_angle_deg", 0.0),
        ("min_angle_deg", 60.0),
        ("depth_ratio", 1.0),
        ("samples", -1),
        ("samples", 0),
        ("samples", 2),
        ("samples", 11),
    ],
)
def test_what_means_nothing_is_refused(field, value):
    """With what to write instead."""
    with pytest.raises(UserError, match=r"above|between|odd"):
        replace(CLEAN, **{field: value})


def test_all_faults_are_told_at_once():
    """One a line."""
    with pytest.raises(UserError) as told:
        replace(CLEAN, border_depth=-1.0, depth_ratio=0.5, samples=2)
    assert [line.split()[0] for line in str(told.value).splitlines()] == ["border", "depth", "samples"]


def test_scaling_moves_depths_alone():
    """Twice the number for half the unit."""
    assert REFERENCE.scaled(2.0) == replace(REFERENCE, border_depth=200.0, far=2000.0)
    assert CLEAN.scaled(7.0) == CLEAN
