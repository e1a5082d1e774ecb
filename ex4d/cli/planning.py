"""What ``ex4d plan`` prints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ex4d.manifest import handheld_seeds
from ex4d.preflight.overscan import overscan_in_words
from ex4d.preflight.plan import Plan, ShotPlan
from ex4d.progress import counted
from ex4d.render.coverage import worst_in_words
from ex4d.shotlist.model import MOVES
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
    small = plan.shots[0].scan.size
    _print_line(
        f"\nshares of all frames are of renderings of {small[0]}x{small[1]}; the worst is drawn in full", console
    )
    size, rate = plan.shots[0].setup.size, plan.shots[0].setup.path.frame_rate
    console.print(
        f"{counted(plan.frames, 'frame')} of {size[0]}x{size[1]} at {rate} a second, "
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
    return " ".join(words_of_moves(shot)) or "locked off"


def words_of_moves(shot: ShotPlan) -> list[str]:
    """Return the language's word for each move of a shot."""
    return [_WORD_OF[type(item.move)] for item in shot.setup.shot.camera]


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
        _print_line(f"  {shot.setup.shot.name}: " + "; ".join(notes), console)
        for words in (*_uncovered_in_words(shot), *_pace_in_words(shot)):
            _print_line(f"    {words}", console)


def _print_line(words: str, console: Console) -> None:
    console.print(words, highlight=False, markup=False, soft_wrap=True)


def _print_remarks(plan: Plan, console: Console) -> None:
    """Print what wastes work, the heaviest first; then the overscans that would bare no edge."""
    remarks = [(remark.weight, shot.setup.shot.name, remark) for shot in plan.shots for remark in shot.remarks]
    for _, name, remark in sorted(remarks, key=lambda found: -found[0]):
        _print_line(f"warning: {name}: {remark}", console)
    for words in edges_in_words(plan):
        _print_line(f"edges: {words}", console)


def edges_in_words(plan: Plan) -> list[str]:
    """Say which shots bare edges, and the smallest overscan of all that can do without; a film has one overscan."""
    present = float(plan.film.output.overscan)
    advice = {shot.setup.shot.name: shot.overscan for shot in plan.shots}
    baring = {name: each for name, each in advice.items() if each is not None and each.beyond}
    if not baring:
        least = max(present if each is None else each.least or 0.0 for each in advice.values())
        return [f"none is bared, and {overscan_in_words(least)} would do"] if least < present else []
    words = [f"{name}: {each}" for name, each in baring.items()]
    curable = {name: each.least for name, each in baring.items() if each.least is not None}
    if len(curable) > 1:
        words.append(f"{overscan_in_words(max(curable.values()))} is the smallest for {', '.join(curable)} together")
    return words


def _uncovered_in_words(shot: ShotPlan) -> list[str]:
    """Say why the worst frame is uncovered, and of how many frames it is the worst."""
    scan, sight = shot.scan, shot.scan.worst.sight
    found = []
    if scan.thinned:
        found.append(f"{len(scan.frames)} of its {scan.frame_count} frames were rendered, evenly spread")
    if sight.uncovered:
        why = f"{sight.beyond:.1%} beyond the source's frame and {sight.behind:.1%} behind things"
        found.append(f"frame {scan.worst.index} uncovers {why}")
    return found


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
