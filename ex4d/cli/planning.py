"""What ``ex4d plan`` prints."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ex4d.edit.sequence import edit_as_json
from ex4d.manifest import handheld_seeds
from ex4d.preflight.expectation import Expectation
from ex4d.preflight.plan import Plan, ShotPlan
from ex4d.progress import counted
from ex4d.render.coverage import worst_in_words
from ex4d.shotlist.model import MOVES
from ex4d.trajectory.figures import distances, off_axis_deg, travels, turns_deg
from ex4d.trajectory.scenery import lens_in_words

if TYPE_CHECKING:
    from rich.console import Console

    from ex4d.footage import Footage

SAME_ANGLE = 0.01
"""By what share the output's angle may differ from the source's and need no word: a column that is cut to be even."""
_WORD_OF = {kind: word for word, kind in MOVES.items()}


def print_plan(plan: Plan, console: Console) -> None:
    """Print a row a shot, then what was assumed and what to look out for."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in _COLUMNS:
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    for shot in plan.shots:
        table.add_row(*_row(shot))
    console.print(table)
    _print_notes(plan, console)
    _print_engines(plan, console)
    if plan.sound is not None:
        _print_line(f"  sound: {plan.sound}", console)
    _print_remarks(plan, console)
    size, rate = plan.shots[0].setup.size, plan.shots[0].setup.path.frame_rate
    console.print(
        f"\n{counted(plan.frames, 'frame')} of {size[0]}x{size[1]} at {rate} a second, "
        f"{float(plan.frames / rate):.1f} s; "
        f"about {math.ceil(plan.seconds)} s to make on this machine{_engines_in_words(plan)}",
        highlight=False,
        soft_wrap=True,
    )


_COLUMNS = (
    ("shot", "left"),
    ("frames", "right"),
    ("moves", "left"),
    ("turns", "right"),
    ("travels", "right"),
    ("uncovered", "right"),
    ("worst frame", "left"),
    ("engine", "left"),
)


def moves_in_words(shot: ShotPlan) -> str:
    """Name the moves of a shot, or say that it is locked off."""
    return " ".join(_WORD_OF[type(item.move)] for item in shot.setup.shot.camera) or "locked off"


def _row(shot: ShotPlan) -> tuple[str, ...]:
    return (
        shot.setup.shot.name,
        str(shot.setup.frame_count),
        moves_in_words(shot),
        f"{shot.figures.furthest_deg:.0f}deg",
        f"{shot.figures.furthest_from_source:.0%}",
        f"{shot.scan.mean:.1%}",
        worst_in_words(shot.coverage),
        shot.setup.engine.shown,
    )


def _print_notes(plan: Plan, console: Console) -> None:
    for shot in plan.shots:
        scene = shot.setup.path.scene
        unit = "m" if shot.setup.footage.depth.metric else "of its own unit"
        notes = [f"subject at {scene.subject_distance:.4g} {unit}", *_lens_in_words(shot.setup.footage)]
        notes += [f"assumed: {words}" for words in scene.assumed]
        notes += [f"newest {use.name}, version {use.version}" for use in shot.setup.shot.presets if not use.pinned]
        notes += [f"handheld seed {seed}" for seed in handheld_seeds(shot.setup)]
        notes += _work_in_words(shot)
        notes += _uncovered_in_words(shot)
        notes += _pace_in_words(shot)
        _print_line(f"  {shot.setup.shot.name}: " + "; ".join(notes), console)


def _print_line(words: str, console: Console) -> None:
    console.print(words, highlight=False, markup=False, soft_wrap=True)


def _print_remarks(plan: Plan, console: Console) -> None:
    """Print what wastes work, the heaviest first; then the overscans that would bare no edge."""
    remarks = [(remark.weight, shot.setup.shot.name, remark) for shot in plan.shots for remark in shot.remarks]
    for _, name, remark in sorted(remarks, key=lambda found: -found[0]):
        _print_line(f"warning: {name}: {remark}", console)
    for shot in plan.shots:
        if shot.overscan is not None:
            _print_line(f"edges: {shot.setup.shot.name}: {shot.overscan}", console)


def _uncovered_in_words(shot: ShotPlan) -> list[str]:
    """Say why the worst frame is uncovered, and what the shares are of."""
    scan, worst = shot.scan, shot.scan.worst
    thinned = f" of {len(scan.frames)} of its {scan.frame_count} frames" if scan.thinned else ""
    if not worst.sight.uncovered:
        return [f"nothing uncovered{thinned}"] if thinned else []
    sight = worst.sight
    return [
        f"frame {worst.index} uncovers {sight.beyond:.1%} beyond the frame and {sight.behind:.1%} behind things, in "
        f"renderings{thinned} at {scan.size[0]}x{scan.size[1]}"
    ]


def _pace_in_words(shot: ShotPlan) -> list[str]:
    """Say how far the camera goes from one frame to the next at most, and where."""
    figures = shot.figures
    parts = []
    if figures.turn_per_frame_deg >= 0.005:
        parts.append(f"{figures.turn_per_frame_deg:.2f}deg at {figures.turn_per_frame_at}f")
    if figures.move_per_frame >= 0.00005:
        parts.append(f"{figures.move_per_frame:.2%} of the subject's distance at {figures.move_per_frame_at}f")
    return [f"at most {' and '.join(parts)} from one frame to the next"] if parts else []


def _lens_in_words(footage: Footage) -> list[str]:
    """Say the source's lens and whence it is known, and the output's where a fit has changed its angle.

    One that was assumed is said with all else that was.
    """
    source, seen = footage.source_lens, footage.scene.lens
    notes = [] if source.assumed else [source.in_words]
    if not math.isclose(seen.horizontal_angle, source.lens.horizontal_angle, rel_tol=SAME_ANGLE):
        notes.append(f"of which {lens_in_words(seen)} are seen")
    return notes


def _work_in_words(shot: ShotPlan) -> list[str]:
    if shot.expected is None:
        return []
    time = "" if shot.expected.seconds is None else f", about {_duration(shot.expected.seconds)}"
    return [f"{shot.setup.engine.name}: {shot.expected.words}{time}"]


def _print_engines(plan: Plan, console: Console) -> None:
    """Print what holds for all shots of an engine with weights."""
    works = {shot.setup.engine.name: shot.expected for shot in plan.shots if shot.expected}
    for name, work in works.items():
        for words in (work.memory, *work.notes):
            if words:
                console.print(f"  {name}: {words}", highlight=False, markup=False, soft_wrap=True)


def _engines_in_words(plan: Plan) -> str:
    """Say how long engines with weights take, and on what; nothing where there are none."""
    works = [(shot.setup.engine.name, shot.expected) for shot in plan.shots if shot.expected]
    if not works:
        return ""
    names = " and ".join(dict.fromkeys(name for name, _ in works))
    if plan.engine_seconds is None:
        return f", and {names}, whose time was not measured"
    return f", and {names} {_duration(plan.engine_seconds)} {works[0][1].where}"


def _duration(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds < 120 else f"{math.ceil(seconds / 60)} min"


def _work_as_json(work: Expectation) -> dict[str, Any]:
    return {
        "windows": [(window.start, window.stop) for window in work.windows],
        "padding": work.windows[-1].padding,
        "size": work.size,
        "device": work.device,
        "seconds_expected": work.seconds,
        "seconds_are": work.where,
        "memory": work.memory,
        "notes": work.notes,
    }


def _scan_as_json(shot: ShotPlan) -> dict[str, Any]:
    """Return the shares of every frame that was rendered small."""
    scan = shot.scan
    sights = {frame.index: frame.sight for frame in scan.frames}
    return {
        "size": scan.size,
        "thinned": scan.thinned,
        "uncovered": {index: sight.uncovered for index, sight in sights.items()},
        "beyond": {index: sight.beyond for index, sight in sights.items()},
        "behind": {index: sight.behind for index, sight in sights.items()},
    }


def _per_frame(shot: ShotPlan) -> dict[str, Any]:
    """Return how far each frame's camera is from the source's, and from that of the frame before."""
    path = shot.setup.path
    return {
        "angle_deg": off_axis_deg(path).tolist(),
        "distance": distances(path).tolist(),
        "turn_deg": [0.0, *turns_deg(path).tolist()],
        "travel": [0.0, *travels(path).tolist()],
    }


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan for programs."""
    return {
        "frames": plan.frames,
        "seconds_expected": plan.seconds,
        "engine_seconds_expected": plan.engine_seconds,
        "edit": edit_as_json(plan.segments),
        "sound": None if plan.sound is None else plan.sound.by_shot,
        "shots": [
            {
                "name": shot.setup.shot.name,
                "frames": shot.setup.frame_count,
                "moves": [_WORD_OF[type(item.move)] for item in shot.setup.shot.camera],
                "engine": shot.setup.engine.name,
                "engine_work": None if shot.expected is None else _work_as_json(shot.expected),
                "path": asdict(shot.figures) | _per_frame(shot),
                "lens": shot.setup.footage.source_lens.as_json(),
                "lens_seen_px": shot.setup.path.scene.lens.focal_px,
                "subject_distance": shot.setup.footage.subject_distance,
                "metric": shot.setup.footage.depth.metric,
                "uncovered": {index: frame.uncovered for index, frame in shot.coverage.items()},
                "where": {index: frame.where for index, frame in shot.coverage.items()},
                "ninths": {index: frame.ninths for index, frame in shot.coverage.items()},
                "worst_frame": shot.worst_frame,
                "seconds_expected": shot.seconds,
                "assumed": shot.setup.path.scene.assumed,
                "small": _scan_as_json(shot),
                "warnings": [asdict(remark) | {"words": str(remark)} for remark in shot.remarks],
                "overscan": None if shot.overscan is None else asdict(shot.overscan) | {"words": str(shot.overscan)},
            }
            for shot in plan.shots
        ],
    }
