"""Faults of how presets are used."""

from __future__ import annotations

from tests.shotlist.reading import one_shot

CASES = {
    "an unknown preset": one_shot("- use: orbit-rigth"),
    "a version that is not there": one_shot("- use: orbit-right@7"),
    "a preset that is no name": one_shot("- use: orbit-right@x"),
    "a parameter out of range": one_shot("- use: orbit-right\n  with: {angle: 200deg}"),
    "a misspelt parameter": one_shot("- use: orbit-right\n  with: {angel: 20deg}"),
    "a parameter in another unit": one_shot("- use: orbit-right\n  with: {angle: 20%}"),
    "a preset with an ease": one_shot("- use: orbit-right\n  ease: linear"),
    "a preset in a list of its own": one_shot("- use: [orbit-right]"),
    "parameters that are none": one_shot("- use: orbit-right\n  with: 60deg"),
    "a preset beside a move": one_shot("- use: orbit-right\n  pan: 20deg"),
}
