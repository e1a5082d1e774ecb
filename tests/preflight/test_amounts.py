"""Amounts are scaled as they are written, and written again as they would be read."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.preflight.amounts import Amount, Turnable, turnables_of
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import parse
from ex4d.shotlist.model import Shot
from ex4d.shotlist.units import Quantity, read_quantity
from ex4d.shotlist.yaml_text import compose
from tests.trajectory.shots import law

FILE = Path(__file__).parents[2] / "shots" / "one.yaml"
LIST = "ex4d: 1\nsource: {video: clip.mp4}\nshots:\n  - name: one\n    clip: 0s..1s\n    camera:\n"


def turnables(*lines: str) -> tuple[list[Turnable], list[str], Shot]:
    text = LIST + "".join(f"      {line}\n" for line in lines)
    film = parse(text, FILE)
    camera = compose(text, str(FILE), [])["shots"][0]["camera"]
    return *turnables_of(film.shots[0], camera, Library.beside(FILE)), film.shots[0]


@law
@given(st.decimals(-500, 500, places=3, allow_nan=False), st.floats(0.001, 4.0))
def test_an_amount_is_rounded_towards_nothing_by_less_than_a_hundredth(value, by):
    amount = Amount(Quantity(Fraction(value), "deg"))
    scaled, exact = amount.scaled(by).value, Fraction(value) * Fraction(by)

    assert abs(scaled) <= abs(exact) and scaled * exact >= 0
    assert abs(exact - scaled) <= Fraction(1, 100) * abs(exact)
    assert read_quantity(str(amount.scaled(by))) == amount.scaled(by)


@law
@given(st.decimals("0.2", 5, places=2), st.floats(0.01, 2.0))
def test_a_factor_is_raised_to_a_power_and_never_turned_round(value, by):
    scaled = float(Amount(Quantity(Fraction(value), "x"), factor=True).scaled(by).value)

    assert (scaled - 1) * (float(value) - 1) >= 0
    assert abs(math.log(scaled)) <= abs(by * math.log(value)) + 1e-12
    assert math.isclose(scaled, float(value) ** by, rel_tol=0.01)


def test_once_is_as_it_is_written():
    assert str(Amount(read_quantity("12.3456deg")).scaled(1.0)) == "12.3456deg"


@pytest.mark.parametrize(
    ("lines", "half"),
    [
        (["- orbit: {left: 40deg, up: 10deg, about: [50%, 60%]}"],
         ["- orbit: {left: 20deg, up: 5deg, about: [50%, 60%]}"]),
        (["- dolly: -30%", "  at: 20%..60%", "  ease: in-out 2"],
         ["- dolly: -15%", "  at: 20%..60%", "  ease: in-out 2"]),
        (["- zoom: {out: 4x}"], ["- zoom: {out: 2x}"]),
        (["- zoom: 4x"], ["- zoom: 2x"]),
        (["- handheld"], ["- handheld: {amount: 0.5}"]),
        (["- handheld: {frequency: 2Hz}"], ["- handheld: {frequency: 2Hz, amount: 0.5}"]),
        (["- use: orbit-right@1"], ["- use: orbit-right@1", "  with: {angle: 22.5deg}"]),
        (["- use: reveal", "  with: {rise: 30deg}"], ["- use: reveal", "  with: {rise: 15deg}"]),
    ],
)  # fmt: skip
def test_half_a_move_is_written_as_it_was_with_half_its_amounts(lines, half):
    found, _, _ = turnables(*lines)

    assert found[-1 if len(found) == 1 else 1].written(0.5) == half


@pytest.mark.parametrize("lines", [["- truck: 20%", "- use: reveal@1", "- pan: 5deg"], ["- zoom: 2x"], ["- handheld"]])
@pytest.mark.parametrize("by", [0.37, 1.0, 1.7])
def test_what_is_written_is_what_is_tried(lines, by):
    """The shot of an amount is the shot that a file with that amount says."""
    for turnable in turnables(*lines)[0]:
        tried = turnable.shot_with(by)
        if tried is None:
            continue
        index = int(turnable.item.where.path.rpartition("[")[2].rstrip("]"))
        items = [[line] for line in lines]
        items[index] = turnable.written(by)

        assert tried.camera == turnables(*[line for item in items for line in item])[2].camera


def test_a_shot_has_nothing_of_a_move_that_is_turned_to_nothing():
    found, _, _ = turnables("- orbit: {right: 40deg, up: 10deg}")
    (item,) = found[0].shot_with(0.0).camera

    assert (item.move.right, item.move.up) == (0.0, 0.0)


@pytest.mark.parametrize("line", ["- orbit: {up: 50deg}", "- orbit: {closer: 60%}", "- use: orbit-right"])
def test_more_than_the_language_or_the_preset_allows_is_no_shot(line):
    found, _, _ = turnables(line)

    assert found[0].shot_with(1.5) is not None or "orbit-right" not in line
    assert found[0].shot_with(4.5) is None


def test_moves_without_an_amount_are_told():
    found, without, _ = turnables("- look-at: subject", "- hold", "- zoom: 35mm..70mm", "- pan: 3deg")

    assert [each.names for each in found] == [("pan", "camera[3]")]
    assert [words.split(":")[0] for words in without] == ["camera[0]", "camera[1]", "camera[2]"]


def test_a_preset_with_one_parameter_has_the_preset_s_name_and_of_several_each_has_its_own():
    one, _, _ = turnables("- use: orbit-right@1")
    several, _, _ = turnables("- use: reveal")

    assert one[0].names[:2] == ("orbit-right", "camera[0]")
    assert [each.names[0] for each in several] == ["reveal.angle", "reveal.rise", "reveal.distance"]
