"""Metres, where the source says how far its subject is."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.shotlist.load import parse
from ex4d.shotlist.model import CameraFile, Crane, Dolly, DollyZoom, Orbit, Pedestal, SpacePoint, Spline, Truck
from tests.shotlist.reading import FILE, error_text

TENTHS = st.integers(1, 99).map(lambda tenths: Fraction(tenths, 10))


def moves(*items, distance="2.4m"):
    stated = "" if distance is None else f", subject_distance: {distance}"
    lines = "".join(f"      - {item}\n" for item in items)
    text = f"ex4d: 1\nsource: {{video: a.mp4{stated}}}\nshots:\n  - name: a\n    camera:\n{lines}"
    return [item.move for item in parse(text, FILE).shots[0].camera]


def written(length):
    return f"{float(length):g}m"


@settings(derandomize=True, deadline=None, max_examples=30)
@given(TENTHS, TENTHS)
def test_metres_are_shares_of_the_stated_distance(length, distance):
    """Exactly, in either direction, for every move that travels."""
    found = moves(
        f"dolly: {written(length)}",
        f"truck: {{left: {written(length)}}}",
        f"pedestal: -{written(length)}",
        f"crane: {{down: {written(length)}}}",
        f"dolly-zoom: {{out: {written(length)}}}",
        distance=written(distance),
    )
    share = float(length / distance)

    assert found == [
        Dolly(distance=share), Truck(distance=-share), Pedestal(distance=-share), Crane(distance=-share),
        DollyZoom(distance=-share),
    ]  # fmt: skip


def test_places_keys_and_camera_files_take_metres_too():
    orbit, spline, file = moves(
        "orbit: {right: 30deg, about: [0m, 0.6m, 2.4m]}",
        "spline: {keys: [{at: 0%}, {at: 100%, position: [1.2m, 25%, -0.24m]}]}",
        "file: {file: a.txt, mode: append, scale: 1m}",
    )

    assert isinstance(orbit, Orbit) and isinstance(spline, Spline) and isinstance(file, CameraFile)
    assert orbit.about == SpacePoint(right=0.0, up=0.25, inward=1.0)
    assert spline.keys[1].position == (0.5, 0.25, -0.1)
    assert file.scale == pytest.approx(1 / 2.4, abs=0)


def test_a_presets_parameter_takes_metres():
    """It is typed by a share, and the shot says what a metre is of it; its range holds."""
    (used,) = moves("{use: push-in@1, with: {distance: 0.6m}}")

    assert used == Dolly(distance=0.25)
    with pytest.raises(Exception, match=r"'2\.3m' is out of range: 0% to 90%"):
        moves("{use: push-in@1, with: {distance: 2.3m}}")


def test_a_shot_may_state_its_own_distance():
    text = (
        "ex4d: 1\nsource: {video: a.mp4, subject_distance: 2m}\nshots:\n"
        "  - {name: a, camera: [{dolly: 0.5m}]}\n"
        "  - {name: b, source: {subject_distance: 4m}, camera: [{dolly: 0.5m}]}\n"
    )
    first, second = (shot.camera[0].move for shot in parse(text, FILE).shots)

    assert (first, second) == (Dolly(distance=0.25), Dolly(distance=0.125))


@pytest.mark.parametrize("own", ["subject: nearest", "video: b.mp4"])
def test_metres_are_not_those_of_another_subject(own):
    """What the list says of its subject is not said of the shot's own."""
    text = (
        "ex4d: 1\nsource: {video: a.mp4, subject_distance: 2m}\nshots:\n"
        f"  - {{name: a, source: {{{own}}}, camera: [{{dolly: 0.5m}}]}}\n"
    )

    assert "camera[0].dolly: '0.5m': metres need to know how far the subject is" in error_text(text)
    (shot,) = parse(text.replace(own, own + ", subject_distance: 4m"), FILE).shots
    assert shot.camera[0].move == Dolly(distance=0.125)


@pytest.mark.parametrize("source", ["", ", subject_distance: 3", ", subject_distance: -1m"])
def test_without_a_distance_metres_mean_nothing(source):
    text = f"ex4d: 1\nsource: {{video: a.mp4{source}}}\nshots:\n  - {{name: a, camera: [{{dolly: 0.5m}}]}}\n"

    assert "camera[0].dolly: '0.5m': metres need to know how far the subject is" in error_text(text)


def test_a_share_of_a_radius_is_no_length():
    source = "source: {video: a.mp4, subject_distance: 2m}"
    text = f"ex4d: 1\n{source}\nshots:\n  - {{name: a, camera: [{{orbit: {{closer: 1m}}}}]}}\n"

    assert "orbit.closer: '1m': closer and farther take a share of the radius, as in 20%" in error_text(text)
