"""What a take was made of, and every choice that was made for its user."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from ex4d.engines.cards import graphics_cards
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import versions_of
from ex4d.render.choice import PARTS, RasterizerName
from ex4d.render.coverage import Coverage, summary_of
from ex4d.setups import Setup
from ex4d.shotlist.model import DepthFile, DepthModel
from ex4d.trajectory.handheld import seeds_of

PACKAGES = ("numpy", "scipy", "numba", "av")
"""Whose versions may change what is made."""


def package_versions(rasterizer: RasterizerName = "cpu") -> dict[str, str]:
    """Return the versions of the packages that may change what is made, those that the rasterizer needs among them."""
    return {name: version(name) for name in PACKAGES} | versions_of(PARTS[rasterizer])


def manifest_of(
    setup: Setup, coverage: Sequence[Coverage], keys: Mapping[str, str], options: EngineOptions
) -> dict[str, Any]:
    """Return a take's manifest as JSON-like values; ``coverage`` is that of each frame."""
    return {
        "shot": setup.shot.name,
        "frames": setup.frame_count,
        "frame_rate": str(setup.path.frame_rate),
        "size": setup.size,
        "first_frame": _first_frame(setup, options),
        "frames_at_source_camera": int(setup.path.at_source.sum()),
        "uncovered": summary_of(dict(enumerate(coverage))),
        "assumed": setup.path.scene.assumed,
        **_written(setup),
        **_measured(setup),
        **_made_with(setup, options),
        "keys": dict(keys),
    }


def handheld_seeds(setup: Setup) -> tuple[int, ...]:
    """Return the seeds of a shot's handheld moves, as written or chosen from the shot's name."""
    return tuple(seeds_of(setup.shot).values())


def _written(setup: Setup) -> dict[str, Any]:
    """What the shot list says of the shot, presets expanded."""
    shot = setup.shot
    return {
        "plays": {
            "parts": [part.model_dump(mode="json") for part in shot.parts],
            "boomerang": shot.boomerang,
            "frames": shot.frames,
            "blend": shot.blend,
        },
        "camera": [{type(item.move).__name__: repr(item)} for item in shot.camera],
        "presets": [use.model_dump() for use in shot.presets],
        "handheld_seeds": handheld_seeds(setup),
        "source": {"video": str(shot.source.video), "frames": setup.footage.clip.frame_count},
        "depth": _depth(setup),
    }


def _measured(setup: Setup) -> dict[str, Any]:
    scene, fit = setup.path.scene, setup.footage.fit
    return {
        "lens": setup.footage.source_lens.as_json(),
        "lens_px": scene.lens.focal_px,
        "subject_distance": scene.subject_distance,
        "pivot": scene.pivot,
        "fit": {"source": fit.source, "grid": fit.grid, "scale": [str(side) for side in fit.scale]},
    }


def _first_frame(setup: Setup, options: EngineOptions) -> str:
    if setup.path.at_source[0]:
        return "the source's own, fully visible"
    whole = setup.engine.engine.recipe(options).whole_first_frame
    return "rendered, and what the source does not show of it completed from behind" if whole else "rendered"


def _made_with(setup: Setup, options: EngineOptions) -> dict[str, Any]:
    return {
        "engine": setup.engine.manifest(setup.shot.synthesis, setup.frame_count, options),
        "rasterizer": options.rasterizer,
        "rasterizer_device": _device_of(options.rasterizer),
        "ex4d": version("ex4d"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": package_versions(options.rasterizer),
    }


def _device_of(rasterizer: RasterizerName) -> str:
    """Return what draws, as its maker calls it: the first card that this process may use, or the CPU."""
    cards = () if rasterizer == "cpu" else graphics_cards()
    return cards[0].name if cards else "cpu"


def _depth(setup: Setup) -> dict[str, Any]:
    estimated, depth = setup.footage.estimated, setup.shot.source.depth
    if estimated is not None:
        assert isinstance(depth, DepthModel)
        return {"written": depth.model, **estimated.manifest()}
    assert isinstance(depth, DepthFile)
    return {"file": str(depth.file), "unit": depth.unit, "metric": setup.footage.depth.metric}
