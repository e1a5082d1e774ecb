"""Released presets never change: their cameras, with default parameters, are written down.

After adding a preset, write its cameras too: python -m tests.trajectory.test_released_presets
"""

from pathlib import Path

import numpy as np
import pytest

from ex4d.shotlist.load import parse
from ex4d.shotlist.shipped import shipped
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.warnings import figures_of, warnings_of
from tests.trajectory.shots import scene

GOLDEN = Path(__file__).with_name("released_presets.txt")
FILES = sorted(shipped("trajectories").glob("*/v*.yaml"))
IDS = [f"{file.parent.name}@{file.stem[1:]}" for file in FILES]
SHOTS = "ex4d: 1\nsource: {{video: clip.mp4}}\nshots:\n  - name: released\n    camera:\n      - use: {preset}\n"


def cameras(preset):
    """Position, view axis and lens of every sixth of 25 frames, seven numbers each."""
    path = compile_shot(parse(SHOTS.format(preset=preset), "shots.yaml").shots[0], scene())
    pose = path.world_from_camera[::6]
    return path, np.concatenate([pose[:, :3, 3], pose[:, :3, 2], path.lens_factor[::6, None]], axis=1)


def stored():
    """The golden file: lines of a preset's name and seven numbers."""
    rows: dict[str, list[list[float]]] = {}
    for line in GOLDEN.read_text().splitlines():
        name, *numbers = line.split()
        rows.setdefault(name, []).append([float(number) for number in numbers])
    return rows


@pytest.mark.parametrize("preset", IDS)
def test_a_released_preset_has_the_cameras_it_was_released_with(preset):
    """To the ten decimals written; the rest is a library's rounding."""
    np.testing.assert_allclose(cameras(preset)[1], stored()[preset], rtol=0, atol=1e-9)


@pytest.mark.parametrize("preset", IDS)
def test_a_released_preset_starts_at_the_source_view_and_stays_where_there_is_something_to_see(preset):
    path = cameras(preset)[0]

    assert figures_of(path).starts_at_source
    assert warnings_of(path) == ()


def test_nothing_is_written_down_that_is_not_released():
    assert sorted(stored()) == sorted(IDS)


def write() -> None:
    """Write the cameras of every shipped preset."""
    rows = (
        f"{preset} " + " ".join(f"{number + 0.0:.10f}" for number in np.round(row, 10))
        for preset in IDS
        for row in cameras(preset)[1]
    )
    GOLDEN.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    write()
