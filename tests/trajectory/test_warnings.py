"""What a path's figures are, and what is worth saying about it."""

import math

import numpy as np
import pytest

from ex4d.shotlist.model import DollyZoom, LookAt, Orbit, Pan, Subject, Truck
from ex4d.trajectory.warnings import figures_of, warnings_of
from tests.trajectory.shots import compiled


def test_a_quiet_shot_has_nothing_to_say():
    assert warnings_of(compiled()) == ()
    assert warnings_of(compiled(Orbit(right=math.radians(45.0)), DollyZoom(distance=0.4))) == ()


def test_figures_are_measured_on_the_cameras():
    figures = figures_of(compiled(Orbit(right=math.radians(60.0), up=math.radians(0.0))))

    assert figures.furthest_deg == pytest.approx(60.0)
    assert figures.furthest_from_source == pytest.approx(1.0)
    assert 60.0 / 24 < figures.turn_per_frame_deg < 2 * 60.0 / 24
    assert figures.move_per_frame == pytest.approx(2 * math.sin(math.radians(figures.turn_per_frame_deg) / 2))
    assert figures.starts_at_source


@pytest.mark.parametrize(
    ("moves", "says"),
    [
        ([Orbit(right=math.radians(91.0))], "beyond 90deg"),
        ([DollyZoom(distance=0.8)], "beyond 120deg"),
        ([LookAt(target=Subject(), frame=(0.3, 0.5))], "does not start at the source view"),
    ],
)
def test_what_is_worth_saying_is_said(moves, says):
    assert says in " ".join(warnings_of(compiled(*moves)))


def test_one_frame_has_no_steps():
    path = compiled(Pan(angle=0.5), Truck(distance=1.0))
    single = type(path)(
        path.world_from_camera[-1:], path.lens_factor[-1:], path.source_time[-1:], path.frame_rate, path.scene
    )

    assert figures_of(single).turn_per_frame_deg == figures_of(single).move_per_frame == 0.0
    assert figures_of(single).furthest_deg == pytest.approx(math.degrees(0.5))
    assert np.isfinite(figures_of(single).widest_deg)
