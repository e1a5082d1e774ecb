"""What a path's figures are, and what is worth saying about it."""

import math

import numpy as np
import pytest

from ex4d.shotlist.model import Dolly, DollyZoom, Ease, Formula, LookAt, Orbit, Pan, Path, Subject, Truck
from ex4d.trajectory.warnings import figures_of, first_reaching, warnings_of
from tests.trajectory.shots import compiled, item


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


@pytest.mark.parametrize(
    ("moves", "frame"),
    [
        ([Dolly(distance=0.89)], None),
        ([item(Dolly(distance=1.0), ease=Ease(kind="linear"))], 22),
        ([item(Dolly(distance=2.0), ease=Ease(kind="linear"))], 11),
        ([item(Dolly(distance=2.0), ease=Ease(kind="linear")), Truck(distance=1.0)], 12),
        ([Path(inward=Formula("1.2 * s"))], 19),
        ([Orbit(right=math.radians(90.0))], None),
        ([Orbit(right=math.radians(170.0))], None),
        ([Dolly(distance=-2.0), Pan(angle=3.0)], None),
    ],
)
def test_a_camera_that_reaches_the_subject_is_told(moves, frame):
    """Or passes it; but not one that goes round it."""
    path = compiled(*moves)

    assert first_reaching(path) == frame
    assert any(f"subject, or passes it, at frame {frame}" in words for words in warnings_of(path)) is (
        frame is not None
    )


def test_one_frame_has_no_steps():
    path = compiled(Pan(angle=0.5), Truck(distance=1.0))
    single = type(path)(
        path.world_from_camera[-1:], path.lens_factor[-1:], path.source_time[-1:], path.frame_rate, path.scene
    )

    assert figures_of(single).turn_per_frame_deg == figures_of(single).move_per_frame == 0.0
    assert figures_of(single).furthest_deg == pytest.approx(math.degrees(0.5))
    assert np.isfinite(figures_of(single).widest_deg)
