"""Every file that is shipped is a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ex4d.shotlist.library import Library, lock_text
from ex4d.shotlist.load import load
from ex4d.shotlist.lock_file import LOCK_FILE
from ex4d.shotlist.model import Path as PathMove
from ex4d.shotlist.preset_file import read_preset
from ex4d.shotlist.shipped import shipped
from tests.shotlist.reading import camera, messages, one_shot

TRAJECTORIES = shipped("trajectories")
PRESETS = sorted(TRAJECTORIES.glob("*/v*.yaml"))
SHOTS = sorted(shipped("shots").glob("*.yaml"))


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_preset_says_what_it_does_and_how_far_it_goes(file: Path) -> None:
    """How it is used to the ends of its ranges is tested with its cameras, in tests/trajectory."""
    preset = read_preset(file)

    assert preset.about.endswith(".")
    assert all(parameter.about and parameter.min and parameter.max for parameter in preset.params.values())


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
