"""What ``ex4d plan --json`` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ex4d.cli.planning import words_of_moves
from ex4d.edit.sequence import edit_as_json
from ex4d.preflight.expectation import Expectation
from ex4d.preflight.plan import Plan, ShotPlan
from ex4d.trajectory.figures import distances, off_axis_deg, travels, turns_deg


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
                "moves": words_of_moves(shot),
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
