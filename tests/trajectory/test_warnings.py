"""What a path's figures are, and what is worth saying about it."""

import math
from pathlib import Path as FilePath

import numpy as np
import pytest

from ex4d.shotlist.load import parse
from ex4d.shotlist.model import Dolly, DollyZoom, Ease, Formula, Handheld, LookAt, Orbit, Pan, Path, Subject, Truck
from ex4d.trajectory.assumed import compile_assumed
from ex4d.trajectory.figures import figures_of, largest_jolt
from ex4d.trajectory.warnings import first_reaching, warnings_of
from tests.trajectory.shots import compiled, item

ROOT = FilePath(__file__).parents[2] / "trajectories"


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
        ([Path(lens=Formula("1.2"))], "subject's distance from it, its lens 1.2 times as long)"),
    ],
)
def test_what_is_worth_saying_is_said(moves, says):
    assert says in " ".join(map(str, warnings_of(compiled(*moves))))


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
    assert any(f"subject, or passes it, at frame {frame}" in str(words) for words in warnings_of(path)) is (
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


@pytest.mark.parametrize(
    ("moves", "frame"),
    [
        ([item(Pan(angle=0.3), 50, 75, ease=Ease(kind="linear"))], 12),
        ([item(Truck(distance=0.3), 0, 50, ease=Ease(kind="linear"))], 12),
        ([item(Pan(angle=0.3), 0, 100, ease=Ease(kind="linear"))], None),
        ([item(Pan(angle=3.0), 20, 60)], None),
        ([item(Pan(angle=0.2), 25, 75, ease=Ease(kind="in", power=3.0))], 18),
        ([item(Pan(angle=0.002), 40, 80, ease=Ease(kind="linear"))], None),
        ([Path(pan=Formula("max(0, min(0.1, 1000 * (s - 0.5)))"))], 12),
    ],
)
def test_a_jolt_is_a_speed_that_changes_within_a_frame(moves, frame):
    """A window that opens or closes at speed, and a jump; not one that eases, a cut, or what nobody sees."""
    found = largest_jolt(compiled(*moves))

    assert (found and found.frame) == frame


def test_a_jolt_says_how_much_the_speed_changes():
    jolt = largest_jolt(compiled(item(Pan(angle=math.radians(12.0)), 50, 100, ease=Ease(kind="linear"))))

    assert jolt.turn_deg == pytest.approx(24.0)
    assert jolt.travel == jolt.zoom == 0.0


PRESETS = sorted({folder.name for folder in ROOT.glob("*") if folder.is_dir()})
SUDDEN = ("whip", "crash", "uni3c-swing2")
"""Presets that are meant to be, and a peer's whose own formula is."""


@pytest.fixture(scope="module")
def film():
    """A shot of each preset."""
    text = "ex4d: 1\nsource: {video: c.mp4, fps: 24}\noutput: {fps: 24, size: 512x512}\nshots:\n" + "".join(
        f"  - {{name: {preset}, clip: 0s..2s, camera: [{{use: {preset}}}]}}\n" for preset in PRESETS
    )
    return parse(text, ROOT.parent / "shots" / "presets.yaml")


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_jolts_but_those_that_are_meant_to(film, preset):
    shot = film.shots[PRESETS.index(preset)]
    steady = tuple(each for each in shot.camera if not isinstance(each.move, Handheld))
    jolt = largest_jolt(compile_assumed(shot.model_copy(update={"camera": steady}), film.output))

    assert jolt is None or preset.startswith(SUDDEN)
