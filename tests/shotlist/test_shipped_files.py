"""Every file that is shipped is a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ex4d.shotlist.library import Library, lock_text
from ex4d.shotlist.load import load, parse
from ex4d.shotlist.lock_file import LOCK_FILE
from ex4d.shotlist.model import Path as PathMove
from ex4d.shotlist.preset_file import read_preset
from ex4d.shotlist.shipped import shipped
from tests.shotlist.reading import FILE, camera, film, messages, one_shot

TRAJECTORIES = shipped("trajectories")
PRESETS = sorted(TRAJECTORIES.glob("*/v*.yaml"))
SHOTS = sorted(shipped("shots").glob("*.yaml"))


def _limits(file: Path) -> str:
    """A shot for each use of a preset: with its defaults, and with each parameter at both ends of its range."""
    preset = read_preset(file)
    given = ["", *(f"{name}: {end}" for name, each in preset.params.items() for end in (each.min, each.max))]
    return "".join(
        f"  - {{name: n{number}, camera: [{{use: {preset.identity}, with: {{{each}}}}}]}}\n"
        for number, each in enumerate(given)
    )


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_preset_can_be_used_to_the_ends_of_its_ranges(file: Path) -> None:
    """It has moves, a description, and a range for each of its parameters."""
    preset = read_preset(file)

    assert preset.about.endswith(".")
    assert all(parameter.about and parameter.min and parameter.max for parameter in preset.params.values())
    assert all(len(shot.camera) > 0 for shot in parse(film(_limits(file)), FILE).shots)


def test_every_built_in_preset_is_released() -> None:
    """The lock file holds all of them, and nothing that is gone; it says how to write it anew."""

    assert (TRAJECTORIES / LOCK_FILE).read_text() == lock_text(TRAJECTORIES), (
        "released presets never change: restore the file, or make the change a new version and write "
        "ex4d.shotlist.library.lock_text(trajectories) to trajectories/lock.json"
    )


def test_a_wrong_name_is_answered_with_where_all_names_are() -> None:
    """There are too many to list them in an answer."""
    (message,) = messages(one_shot("- use: qqq"))

    assert f"ex4d presets list names the {len(Library(TRAJECTORIES).names())} there are" in message


@pytest.mark.parametrize("file", SHOTS, ids=lambda file: file.stem)
def test_every_shot_list_is_read(file: Path) -> None:
    """As ``ex4d check`` would, except that its media may be made later."""

    assert load(file, must_exist=False).shots


@pytest.mark.parametrize("angle", [30, 60, 90])
def test_the_arcs_of_ex4d_are_its_formulas(angle: int) -> None:
    """eye = r (sin a, 0.2 (|cos a| - 1), 1 - |cos a|), y down: ex4d's up is minus y."""
    (item,) = camera(f"- use: ex4d-{angle}")
    assert isinstance(item.move, PathMove)
    s = np.linspace(0, 1, 49)
    a = np.radians(angle) * s
    found = {name: formula.evaluate({"s": s}) for name, formula in item.move.formulas.items()}

    np.testing.assert_allclose(found["right"], np.sin(a), atol=1e-15)
    np.testing.assert_allclose(found["up"], 0.2 * (1 - np.cos(a)), atol=1e-15)
    np.testing.assert_allclose(found["in"], 1 - np.cos(a), atol=1e-15)
