"""Transitions that do not fit are found in the file as the edit finds them, as far as the file tells lengths."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.edit.sequence import lay_out
from ex4d.errors import UserError
from ex4d.shotlist.model import ShotList
from ex4d.shotlist.overlaps import USUAL_RATES
from tests.shotlist.reading import film, messages, outcome

RATES = {"24": Fraction(24), "25": Fraction(25), "30000/1001": Fraction(30000, 1001), "10": Fraction(10)}
SECONDS = st.integers(1, 120).map(lambda hundredths: f"{hundredths / 100:g}s")
OPENINGS = st.one_of(st.just("cut"), *(SECONDS.map(f"{kind} {{}}".format) for kind in ("fade", "dip-white")))
BETWEEN = st.one_of(OPENINGS, *(SECONDS.map(f"{kind} {{}}".format) for kind in ("dissolve", "wipe left", "wipe up")))
LENGTHS = st.integers(20, 300).map(lambda hundredths: f"{hundredths / 100:g}s")


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[tuple[str, str, str]], str]:
    """Of each shot, its clip's length, what else is said of its time, and how it is entered; and how the film ends."""
    more = st.sampled_from(["", "", ", boomerang: true", ", frames: 7"])
    count = draw(st.integers(1, 4))
    return [(draw(LENGTHS), draw(more), draw(BETWEEN if index else OPENINGS)) for index in range(count)], draw(OPENINGS)


def text_of(shots: list[tuple[str, str, str]], end: str, rate: str | None) -> str:
    output = f"output: {{fps: {rate}}}\n" if rate else ""
    lines = "".join(
        f"  - {{name: s{index}, clip: 0s..{length}{more}, transition: {entering}}}\n"
        for index, (length, more, entering) in enumerate(shots)
    )
    return f"ex4d: 1\nsource: {{video: a.mp4}}\n{output}end: {end}\nshots:\n{lines}"


def fits_the_edit(shots: list[tuple[str, str, str]], end: str, *rates: Fraction) -> bool:
    """Lay out shots with the same transitions, as long as they are at any of ``rates``."""
    roomy = outcome(text_of([("99s", "", entering) for *_, entering in shots], end, None))
    assert isinstance(roomy, ShotList)
    names, entering = zip(*((shot.name, shot.transition) for shot in roomy.shots), strict=True)
    return any(_laid_out(names, [count_at(shot, rate) for shot in shots], entering, rate, roomy.end) for rate in rates)


def _laid_out(*edit: object) -> bool:
    try:
        lay_out(*edit)  # type: ignore[arg-type]
    except UserError:
        return False
    return True


def count_at(shot: tuple[str, str, str], rate: Fraction) -> int:
    length, more, _ = shot
    count = math.floor(Fraction(length.rstrip("s")) * rate + Fraction(1, 2))
    return 7 if "frames" in more else 2 * count - 1 if "boomerang" in more else count


@settings(max_examples=20, deadline=None)
@given(lists(), st.sampled_from(sorted(RATES)))
def test_the_file_refuses_what_the_edit_refuses_where_the_rate_is_stated(
    written: tuple[list[tuple[str, str, str]], str], rate: str
) -> None:
    assert isinstance(outcome(text_of(*written, rate)), ShotList) is fits_the_edit(*written, RATES[rate])


@settings(max_examples=15, deadline=None)
@given(lists())
def test_without_a_rate_the_file_refuses_only_what_no_rate_allows(
    written: tuple[list[tuple[str, str, str]], str],
) -> None:
    if not isinstance(outcome(text_of(*written, None)), ShotList):
        assert not fits_the_edit(*written, *USUAL_RATES)


@pytest.mark.parametrize("way", ["dissolve 1s", "wipe down 1s"])
def test_the_first_shot_has_none_to_come_from(way: str) -> None:
    kind = way.partition(" ")[0]
    (told,) = messages(film(f"  - {{name: a, transition: {way}}}\n"))
    assert told.startswith(f"the first shot has no shot before it to {kind} from; let it fade up")


def test_a_shot_that_is_at_fault_itself_does_not_hide_that_a_fade_does_not_fit() -> None:
    text = film("  - {name: a b, clip: 0s..1s}\n") + "end: fade 1.2s\n"
    assert messages(text)[-1] == "a fade of 1.2s is longer than shot 'a b' (1s); at most 1s"


def test_what_a_high_speed_camera_has_room_for_is_no_fault_of_the_file() -> None:
    """1 ms is no frame at any usual rate, and one at 960 a second."""
    shots = [("0.101s", "", "cut"), ("1s", "", "dissolve 0.1s")]
    assert isinstance(outcome(text_of(shots, "cut", None)), ShotList)
    assert not isinstance(outcome(text_of(shots, "cut", "240")), ShotList)
