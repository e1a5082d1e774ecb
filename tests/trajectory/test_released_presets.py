"""Released presets never change: their cameras, with default parameters, are written down.

After releasing a preset, write its cameras too: python -m tests.trajectory.test_released_presets
"""

import math
from pathlib import Path

import numpy as np
import pytest

from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import parse
from ex4d.shotlist.lock_file import read_lock
from ex4d.shotlist.model import Handheld
from ex4d.shotlist.shipped import shipped
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.figures import figures_of
from ex4d.trajectory.warnings import warnings_of
from tests.trajectory.shots import scene

GOLDEN = Path(__file__).with_name("released_presets.txt")
HOME = shipped("trajectories")
FILES = sorted(HOME.glob("*/v*.yaml"))
IDS = [f"{file.parent.name}@{file.stem[1:]}" for file in FILES]
PEERS = ("ex4d-", "gen3c-", "recammaster-", "seva-", "trajectorycrafter-", "uni3c-")
FILM = [preset for preset in IDS if not preset.startswith(PEERS)]
FROM_ELSEWHERE = {
    "tilt-up-reveal@1": "it ends at the source view, which it reveals",
    "whip-in@1": "it ends at the source view, to which it whips",
}
CUT_INTO, CUT_AWAY = ("whip-in@1",), ("whip-pan@1", "flyaway@1")
"""What moves when the shot begins or ends: a cut joins it to another."""
TOO_FAR = {"{use: vertigo@1, with: {distance: 90%}}": "its lens would open to more than 150 degrees"}


def shots_of(uses):
    """Shots by what they use, each of the name that the golden file's shakes are seeded by; read as one list."""
    text = "ex4d: 1\nsource: {video: clip.mp4}\nshots:\n" + "".join(
        f"  - {{name: shot-{index}, camera: [{use}]}}\n" for index, use in enumerate(uses)
    )
    shots = [shot.model_copy(update={"name": "released"}) for shot in parse(text, "shots.yaml").shots]
    return dict(zip(uses, shots, strict=True))


SHOT_OF = {use[6:-1]: shot for use, shot in shots_of([f"{{use: {preset}}}" for preset in IDS]).items()}


def path_of(preset, frames=25):
    return compile_shot(SHOT_OF[preset], scene(frames))


def cameras(path):
    """Position, view axis, right axis and lens of every frame, ten numbers each."""
    pose = path.world_from_camera
    return np.concatenate([pose[:, :3, 3], pose[:, :3, 2], pose[:, :3, 0], path.lens_factor[:, None]], axis=1)


def stored():
    """The golden file: lines of a preset's name and ten numbers, every sixth of 25 frames."""
    rows: dict[str, list[list[float]]] = {}
    for line in GOLDEN.read_text().splitlines():
        name, *numbers = line.split()
        rows.setdefault(name, []).append([float(number) for number in numbers])
    return rows


STORED = stored()


@pytest.mark.parametrize("preset", IDS)
def test_a_released_preset_has_the_cameras_it_was_released_with(preset):
    """To half of the last decimal written, 5e-11, and as much again for what sines round to in another library."""
    np.testing.assert_allclose(cameras(path_of(preset))[::6], STORED[preset], rtol=0, atol=1e-10)


def test_what_is_shipped_is_released_and_what_is_released_is_written_down():
    assert sorted(read_lock(HOME / "lock.json")) == sorted(IDS)
    assert sorted(STORED) == sorted(IDS)
    assert {len(rows) for rows in STORED.values()} == {5}


@pytest.mark.parametrize("preset", FILM)
def test_a_film_preset_touches_the_source_view_and_has_nothing_to_warn_of(preset):
    """It starts there, where the move allows; jolts, which depend on a shot's length, are looked for below."""
    path = path_of(preset)
    starts = preset not in FROM_ELSEWHERE

    assert bool(path.at_source[0 if starts else -1])
    assert figures_of(path).starts_at_source == starts
    warnings = [str(warning) for warning in warnings_of(path)]
    assert [each for each in warnings if "jolts" not in each and (starts or "does not start" not in each)] == []


@pytest.mark.parametrize("preset", FILM)
def test_a_film_preset_never_jerks(preset):
    """From frame to frame of four seconds its step changes by less than half of the longest, from rest and to rest; a
    hand's shake, which is meant to, is left out."""
    used = SHOT_OF[preset]
    steady = tuple(item for item in used.camera if not isinstance(item.move, Handheld))
    path = compile_shot(used.model_copy(update={"camera": steady}), scene(97))
    steps = np.diff(cameras(path), axis=0)
    at_rest = np.zeros((1, steps.shape[1]))
    before, after = at_rest[preset in CUT_INTO :], at_rest[preset in CUT_AWAY :]

    changes = np.linalg.norm(np.diff(np.concatenate([before, steps, after]), axis=0), axis=1)
    assert changes.max() <= 0.5 * np.linalg.norm(steps, axis=1).max()


@pytest.mark.parametrize("preset", FILM)
@pytest.mark.parametrize("frames", [2, 49])
def test_a_film_preset_holds_for_shots_of_any_length_and_subjects_anywhere(preset, frames):
    """It touches the source view there too."""
    path = compile_shot(SHOT_OF[preset], scene(frames, pivot=(-0.25, 0.2, 1.0)))
    starts = preset not in FROM_ELSEWHERE

    assert len(path) == frames
    assert bool(path.at_source[0 if starts else -1])


@pytest.mark.parametrize("preset", ["ken-burns@1", "dutch-tilt@1", "slow-zoom@1", "crash-zoom@1"])
@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (720, 1280)])
@pytest.mark.parametrize("angle_deg", [12.0, 54.0, 75.0])
def test_a_preset_of_head_and_lens_alone_stays_within_the_picture(preset, size, angle_deg):
    """No corner of any frame leaves what was filmed, to a hundredth of a pixel."""
    lens = Pinhole.from_horizontal_angle(*size, math.radians(angle_deg))
    path = compile_shot(SHOT_OF[preset], scene(49, lens=lens))
    for pose, factor in zip(path.world_from_camera, path.lens_factor, strict=True):
        corners = np.array([(x, y) for x in (0.0, size[0]) for y in (0.0, size[1])])
        rays = lens.zoomed(float(factor)).unproject(corners, np.ones(4)) @ pose[:3, :3].T

        shown = lens.project(rays) / size
        assert shown.min() > -1e-5
        assert shown.max() < 1.0 + 1e-5


def ends():
    """Each parameter of each film preset at either end of its range."""
    library = Library(HOME)
    for preset in FILM:
        name, version = preset.split("@")
        for word, parameter in library.preset(name, int(version)).params.items():
            for end in (parameter.min, parameter.max):
                assert end is not None, f"{preset}: {word} has no range"
                yield f"{{use: {preset}, with: {{{word}: {end}}}}}"


ENDS = shots_of([use for use in ends() if use not in TOO_FAR])


@pytest.mark.parametrize("use", ENDS)
def test_a_film_preset_allows_what_its_ranges_allow(use):
    """And each end of a range makes other cameras than the default, which is none."""
    preset = f"{ENDS[use].presets[0].name}@{ENDS[use].presets[0].version}"
    path = compile_shot(ENDS[use], scene(9))

    assert np.abs(cameras(path) - cameras(path_of(preset, 9))).max() > 1e-3


def write() -> None:
    """Write the cameras of every shipped preset."""
    rows = (
        f"{preset} " + " ".join(f"{number + 0.0:.10f}" for number in np.round(row, 10))
        for preset in IDS
        for row in cameras(path_of(preset))[::6]
    )
    GOLDEN.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    write()
