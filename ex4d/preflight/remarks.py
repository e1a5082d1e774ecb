"""What a user should know of a shot before it is made, with numbers: what wastes work, and what to write instead."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ex4d.guide import GuideRecipe
from ex4d.preflight.coverage_scan import Scan
from ex4d.preflight.expectation import Expectation
from ex4d.render.coverage import Coverage
from ex4d.render.rasterizer import NEAR
from ex4d.setups import Setup
from ex4d.shotlist.model import Handheld, Shot
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.warnings import Remark, heaviest_first, warnings_of

MOSTLY_UNCOVERED = 0.6
"""Share of a frame above which little of it is the source's."""
MOSTLY_BEYOND = 0.4
"""Share of a frame beyond what was filmed, above which the camera looks past it."""
SUBJECT_MOVES = 0.1
"""Relative change of the depth at the subject that is worth a warning."""
METRES_DIFFER = 0.1
"""Relative difference of a stated distance in metres and the measured one that is worth a warning."""


def remarks_of(
    setup: Setup, scan: Scan, worst: tuple[int, Coverage], recipe: GuideRecipe, expected: Expectation | None
) -> tuple[Remark, ...]:
    """Return what there is to say of a shot, the heaviest first.

    Args:
        setup: the shot.
        scan: of its frames, rendered small.
        worst: the frame with most uncovered, in full size, and how much that is.
        recipe: how its guide is drawn.
        expected: what an engine with weights will do.
    """
    path = setup.path
    return heaviest_first(
        remark
        for found in (
            warnings_of(path, compile_shot(without_handheld(setup.shot), path.scene)),
            _of_mesh(setup, scan),
            tuple(_of_border(setup, recipe)) or tuple(_of_cover(setup, scan, worst)),
            _of_subject(scan),
            _of_metres(setup),
            _of_padding(setup, expected),
            (Remark("lens-doubt", 50, words) for words in setup.footage.source_lens.doubts),
        )
        for remark in found
    )


def without_handheld(shot: Shot) -> Shot:
    """Return the shot with a steady camera."""
    steady = tuple(item for item in shot.camera if not isinstance(item.move, Handheld))
    return shot.model_copy(update={"camera": steady})


def _of_mesh(setup: Setup, scan: Scan) -> Iterator[Remark]:
    """Warn of a camera whose place the source saw something before: it stands inside that, or behind."""
    inside = [frame for frame in scan.frames if frame.ahead <= NEAR]
    if inside:
        deepest = min(inside, key=lambda frame: frame.ahead)
        yield Remark(
            "inside",
            100,
            f"the camera stands inside or behind what was filmed at {_frames(inside[0].index, len(inside), scan)}; at "
            f"frame {deepest.index} by {-deepest.ahead / setup.footage.subject_distance:.0%} of the subject's distance",
            "it sees the backs of things there, which nobody filmed: go less far",
            inside[0].index,
        )


def _frames(first: int, count: int, scan: Scan) -> str:
    """Say from which frame on, and for how many of those that were rendered."""
    if count == 1:
        return f"frame {first}"
    return f"{count} of {len(scan.frames)} frames, first at frame {first}"


def _of_border(setup: Setup, recipe: GuideRecipe) -> Iterator[Remark]:
    """Warn where the mesh's border lies before much of the scene, as the released code's may: its back hides that."""
    border, middle = recipe.profile_of(setup.footage).border_depth, setup.footage.depth.statistics.median
    if border is not None and border < middle:
        yield Remark(
            "border",
            95,
            f"half of the source or more lies beyond {border:.4g}, where the guide's border is, and is hidden by it",
            "the nearest point is far too near, perhaps a speck in the depth; --guide clean has no such border",
        )


def _of_cover(setup: Setup, scan: Scan, worst: tuple[int, Coverage]) -> Iterator[Remark]:
    index, coverage = worst
    past = max(scan.frames, key=lambda frame: frame.sight.beyond)
    if coverage.uncovered > MOSTLY_UNCOVERED:
        yield Remark(
            "uncovered",
            80,
            f"frame {index} is {coverage.uncovered:.0%} uncovered: the camera hardly sees what was filmed",
            f"move it less; --fit 35% --shot {setup.shot.name} says how much",
            index,
        )
    elif past.sight.beyond > MOSTLY_BEYOND:
        yield Remark(
            "beyond",
            70,
            f"{past.sight.beyond:.0%} of frame {past.index} lies beyond the source's frame: the camera looks past it",
            f"turn it less; --fit 35% --shot {setup.shot.name} says how much",
            past.index,
        )


def _of_subject(scan: Scan) -> Iterator[Remark]:
    """Warn where what stands at the subject's place comes nearer or goes away: the pivot does not follow it."""
    most = max(scan.frames, key=lambda frame: abs(frame.subject_change))
    if abs(most.subject_change) > SUBJECT_MOVES:
        first = next(frame for frame in scan.frames if abs(frame.subject_change) > SUBJECT_MOVES)
        yield Remark(
            "subject",
            50,
            f"at frame {first.index} the depth at the subject has changed by {first.subject_change:+.0%}, and by "
            f"{most.subject_change:+.0%} at frame {most.index}; moves stay about the first",
            "write a shorter clip, or a subject that stays, as in subject: {depth: 2.7}",
            first.index,
        )


def _of_metres(setup: Setup) -> Iterator[Remark]:
    stated, measured = setup.shot.source.subject_distance, setup.footage.subject_distance
    if stated is None or not setup.footage.depth.metric:
        return
    difference = float(stated) / measured - 1
    if abs(difference) > METRES_DIFFER:
        yield Remark(
            "metres",
            60,
            f"subject_distance says {float(stated):.4g}m, but the depth says {measured:.4g}m ({difference:+.0%}): "
            "every distance in metres is that much off",
            f"write subject_distance: {measured:.3g}m, or a subject that is where you measured",
        )


def _of_padding(setup: Setup, expected: Expectation | None) -> Iterator[Remark]:
    """Say what an engine with weights adds to a shot and takes away again."""
    if expected is None:
        return
    padding, size = expected.windows[-1].padding, setup.size
    if padding:
        count = setup.frame_count
        whole = f"{count + padding} frames" if len(expected.windows) == 1 else "windows of 4k + 1 frames"
        fewer = f"{count - (4 - padding)} or " if count > 4 - padding else ""
        yield Remark(
            "padding",
            10,
            f"{setup.engine.name} works on {whole}: {padding} {'is' if padding == 1 else 'are'} padded and trimmed",
            f"frames: {fewer}{count + padding} would waste none",
        )
    if size != expected.size:
        wide, high = expected.size
        yield Remark(
            "resized",
            15 if not math.isclose(size[0] * high, size[1] * wide, rel_tol=0.02) else 5,
            f"{setup.engine.name} works at {wide}x{high}: frames of {size[0]}x{size[1]} are resized to it and back",
            f"write output: {{size: {wide}x{high}}}, or --size with multiples of 16 that have your shape",
        )
