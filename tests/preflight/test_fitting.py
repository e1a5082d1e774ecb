"""The amount that is proposed keeps the worst frame under the limit, and is the largest that does."""

from __future__ import annotations

from pathlib import Path

import pytest

from ex4d.errors import UserError
from ex4d.preflight.fitting import fit, read_limit
from ex4d.preflight.plan import plan
from ex4d.preflight.trial import CLOSE, Fitted
from tests.tiny_film import SHOTS, write_tiny_film

pytestmark = pytest.mark.usefixtures("own_folders")
SWING = "- orbit: {right: 20deg}"


def film(folder: Path, *camera: str) -> Path:
    """Write the tiny film with one shot of these moves."""
    shots = SHOTS[: SHOTS.index("  - name: still")] + "  - name: swing\n    clip: 0.5s..1s\n    camera:\n"
    return write_tiny_film(folder, shots + "".join(f"      {line}\n" for line in camera))


def only(found: list[Fitted]) -> Fitted:
    (each,) = found
    return each


def worst_of(file: Path) -> tuple[float, int]:
    (shot,) = plan(file).shots
    worst = shot.scan.worst.index
    return shot.coverage[worst].uncovered, worst


@pytest.mark.parametrize("limit", [0.1, 0.45])
def test_what_is_proposed_gives_what_is_promised_when_it_is_pasted(tmp_path: Path, limit: float) -> None:
    """And a little more of the move would be too much."""
    found = only(fit(film(tmp_path, SWING), limit))
    pasted = film(tmp_path, *found.turnable.written(found.factor))

    assert worst_of(pasted) == (found.then.uncovered, found.then.frame)
    assert found.then.uncovered <= limit
    assert worst_of(film(tmp_path, *found.turnable.written(found.factor * (1 + 2 * CLOSE))))[0] > limit


def test_what_is_now_is_what_a_plan_says(tmp_path: Path) -> None:
    file = film(tmp_path, SWING)
    found = only(fit(file, 0.2))

    assert (found.now.uncovered, found.now.frame) == worst_of(file)


def test_nothing_fits_beside_a_move_that_uncovers_more_by_itself(tmp_path: Path) -> None:
    found = only(fit(film(tmp_path, SWING, "- truck: 60%"), 0.1, move="orbit"))
    alone = worst_of(film(tmp_path, "- truck: 60%"))

    assert not found.fits_at_all
    assert (found.then.uncovered, found.then.frame) == alone
    assert alone[0] > 0.1


def test_more_is_sought_up_to_the_subject(tmp_path: Path) -> None:
    found = only(fit(film(tmp_path, "- dolly: 40%"), 0.9))

    assert found.stopped == "more would reach the subject"
    assert 0.4 * found.factor == pytest.approx(0.9, rel=0.03)


@pytest.mark.parametrize(
    ("written", "says"),
    [("35", "has no unit"), ("0%", "above 0%"), ("100%", "below 100%"), ("-3%", "above 0%"), ("35deg", "a share")],
)
def test_a_limit_is_a_percentage(written: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read_limit(written)
