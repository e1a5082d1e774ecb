"""The command line's options that say how engines with weights work; several commands share them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from ex4d.artifacts.mesh_profile import ProfileName
from ex4d.cli.composed import one_of, with_options
from ex4d.engines.options import EngineOptions
from ex4d.errors import Ex4dError, Faults, UserError
from ex4d.render.choice import RasterizerName
from ex4d.shotlist.source import ENGINES
from ex4d.synthesis.settings import VRAM_TIERS, DiffusionSettings, Precision

ReadOptions = Callable[[], EngineOptions]
"""Returns what the user chose of the engines; raises a UserError for all that means nothing."""
OWN = DiffusionSettings()
"""What ex4d works by where nothing is said."""
ENGINE_PANEL = "Engines with weights"


def _option(help_text: str, *names: str, metavar: str | None = None, shown: object = None) -> Any:
    """Describe an option of the engines; ``shown`` is ex4d's own value."""
    own = "" if shown is None else f" ex4d's own is {shown}."
    return typer.Option(*names, help=help_text + own, metavar=metavar, rich_help_panel=ENGINE_PANEL)


ENGINE_NAMES = f"{', '.join(ENGINES[:-1])} or {ENGINES[-1]}"
"""As help has them."""
EngineName = Annotated[
    str | None,
    typer.Option(
        help=f"Who completes what is uncovered, instead of the shot list's word: {ENGINE_NAMES}.", metavar="NAME"
    ),
]
_TIERS = ", ".join(map(str, VRAM_TIERS))


Guide = Annotated[
    str | None,
    _option(
        "How guides are drawn: " + " or ".join(get_args(ProfileName)) + ", as EX-4D's authors do; ex4d's own is that.",
        metavar="PROFILE",
    ),
]
DrawnBy = Annotated[
    str,
    typer.Option(
        "--rasterizer",
        help="Who draws guides: cpu, or nvdiffrast, on an NVIDIA card, for non-commercial use.",
        metavar="NAME",
    ),
]


def engine_options(
    device: Annotated[str | None, _option("cuda, cuda:1 or cpu; cuda is the default.", metavar="DEVICE")] = None,
    gpus: Annotated[int | None, _option("Graphics cards to share the work.", metavar="N", shown=OWN.devices)] = None,
    vram: Annotated[
        str | None,
        _option(f"What the graphics card may be taken to hold, GB, as {_TIERS}; auto asks it.", metavar="GB"),
    ] = None,
    precision: Annotated[
        str | None, _option(", ".join(get_args(Precision)) + ".", metavar="NAME", shown=OWN.precision)
    ] = None,
    steps: Annotated[int | None, _option("Of denoising.", metavar="N", shown=OWN.steps)] = None,
    guidance: Annotated[
        float | None, _option("How far the prompt pushes; 1 is not at all.", metavar="X", shown=f"{OWN.guidance:g}")
    ] = None,
    size: Annotated[
        str | None, _option("At which the model works.", metavar="WxH", shown="x".join(map(str, OWN.size)))
    ] = None,
    fast: Annotated[bool, _option("Four steps, by a step-distillation LoRA beside EX-4D's.", "--fast")] = False,
    cache: Annotated[
        float | None,
        _option("Skip blocks where the first changes by less than this share; 0 skips none.", metavar="X"),
    ] = None,
    preview_every: Annotated[
        int | None, _option("Write a preview of the unfinished frames every so many steps.", metavar="N")
    ] = None,
    deterministic: Annotated[
        bool, _option("Only kernels that give the same bits each time; slower.", "--deterministic")
    ] = False,
    lora: Annotated[list[Path] | None, _option("One more LoRA, for vace; may be repeated.", metavar="FILE")] = None,
    adapter: Annotated[
        Path | None, _option("Of your own, as ex4d train makes them, for ex4d instead of EX-4D's.", metavar="FILE")
    ] = None,
    negative: Annotated[
        str | None, _option("What it must not look like; without one, EX-4D's own.", metavar="TEXT")
    ] = None,
    prompt_embeds: Annotated[
        Path | None,
        _option(
            "Embedded prompts, instead of the text encoder: safetensors with 'prompt' and 'negative'.", metavar="FILE"
        ),
    ] = None,
    models: Annotated[
        Path | None, _option("The folder of all weights; else $EX4D_MODELS, or the user's.", metavar="DIR")
    ] = None,
) -> EngineOptions:
    """Return what the user chose.

    Raises:
        UserError: all choices that mean nothing.
    """
    faults = Faults()
    stated = {
        "devices": gpus,
        "vram_gb": faults.of(lambda: _gigabytes(vram)),
        "precision": faults.of(lambda: one_of("--precision", precision, get_args(Precision))),
        "steps": steps,
        "guidance": guidance,
        "size": faults.of(lambda: _size(size)),
        "distilled": fast or None,
        "cache": cache,
        "preview_every": preview_every,
        "deterministic": deterministic or None,
        "negative_prompt": negative,
        "prompt_embeds": prompt_embeds,
    }
    chosen = {name: value for name, value in stated.items() if value is not None}
    options = faults.of(lambda: EngineOptions(chosen, device, models=models, loras=tuple(lora or ()), adapter=adapter))
    faults.tell()
    assert options is not None
    return options


with_engine_options = with_options(engine_options, "options")
"""Adds the options above to a command; it gets the function that reads them as its argument ``options``."""


def _gigabytes(written: str | None) -> float | None:
    try:
        return None if written in (None, "auto") else float(str(written))
    except ValueError as cause:
        raise UserError(f"--vram {written}: write gigabytes, as 24, or auto") from cause


def _size(written: str | None) -> tuple[int, int] | None:
    if written is None:
        return None
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", written)
    if not found:
        raise UserError(f"--size {written}: write width x height, as 512x512")
    return int(found[1]), int(found[2])


def drawn(options: Callable[[], EngineOptions], guide: str | None, rasterizer: str) -> EngineOptions:
    """Return the options, which are read first, with how guides are drawn, and by whom.

    Raises:
        UserError: options mean nothing, or there is no such profile or rasterizer; says all.
    """
    faults = Faults()
    read = faults.of(options)
    profile = faults.of(lambda: one_of("--guide", guide, get_args(ProfileName)))
    name = faults.of(lambda: one_of("--rasterizer", rasterizer, get_args(RasterizerName)))
    faults.tell()
    assert read is not None
    assert name is not None
    return replace(read, guide=profile, rasterizer=name)


@contextmanager
def naming_engines(*, by_option: bool) -> Iterator[None]:
    """Have advice about engines be of ``--engine`` where the command line said which, instead of the shot list."""
    try:
        yield
    except Ex4dError as error:
        if by_option:
            error.args = (str(error).replace("write engine: ", "write --engine "),)
        raise
