"""The shipped training file, broken in many ways: it is sound or told what is wrong with it, and nothing is touched."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ex4d.errors import ShotFileError
from ex4d.shotlist.preset_file import read_preset
from ex4d.shotlist.shipped import shipped
from ex4d.training.config.load import load
from tests.training.config.files import outcome, with_cameras
from tests.training.config.mutant_runs import SHIPPED, mutants

MUTANTS = 120


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    """What became of the mutants and of hostile files."""
    command = [sys.executable, "-m", "tests.training.config.mutant_runs", "0", str(MUTANTS)]
    found: dict[str, object] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def test_no_file_does_what_none_may(found: dict[str, object]) -> None:
    """No traceback, no seconds of processor time, no write, socket, process or code."""

    assert found["wrong"] == []


def test_a_part_of_the_mutants_is_sound(found: dict[str, object]) -> None:
    """So that what comes behind reading is reached; most have faults."""

    assert MUTANTS / 20 < float(str(found["sound"])) < MUTANTS * 0.7


def test_the_shipped_file_is_sound() -> None:
    """Its clip, its depth and the shot that it names are shipped too."""

    assert len(load(SHIPPED).masks.rendering.cameras) == 5


def test_the_same_seed_makes_the_same_mutants() -> None:
    assert list(mutants(3, 5)) == list(mutants(3, 5)) != list(mutants(4, 5))


def test_all_cameras_share_what_presets_may_amount_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here those of two cameras and a half, so that the third is refused, and told of once."""
    cameras = with_cameras(*["camera: [{use: ex4d-180@1}]"] * 20)
    used = read_preset(shipped("trajectories") / "ex4d-180" / "v1.yaml").size
    monkeypatch.setattr("ex4d.shotlist.presets.MAX_VALUES", 2 * used + used // 2)
    found = outcome(cameras)

    assert isinstance(found, ShotFileError)
    assert [fault.line for fault in found.faults] == [9]
    assert "amount to more than" in found.faults[0].message


def test_a_fault_is_told_once_for_a_range() -> None:
    """Though it is there at both ends and in the middle."""
    found = outcome(with_cameras("camera: [{dolly: 20deg to 40deg}]"))

    assert isinstance(found, ShotFileError)
    assert len(found.faults) == 1
