"""The options that say where depth comes from and what is done to it; several commands share them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

from ex4d.cli.composed import one_of, panel, read_as
from ex4d.errors import Faults, UserError
from ex4d.reconstruction.depth_estimator import Device
from ex4d.shotlist.depth import DEPTH_UNITS, UPSAMPLINGS, DepthFile, DepthModel, Frames, Longest

_option = panel("Depth")


def depth_options(
    depth: Annotated[
        Path | None, _option("Depth that you have, frame by frame; without it a model estimates it.", metavar="FILE")
    ] = None,
    depth_unit: Annotated[
        str | None, _option(f"Of that depth: {', '.join(DEPTH_UNITS)}; else what the file says.", metavar="UNIT")
    ] = None,
    depth_unknown: Annotated[
        float | None, _option("The number that stands for unknown depth; 0 does anyway.", metavar="N")
    ] = None,
    model: Annotated[
        str | None, _option("The model that estimates it, as `ex4d models list` names them; auto.", metavar="NAME")
    ] = None,
    longest: Annotated[
        str | None, _option("The longest side at which the model looks; else its own.", metavar="PX")
    ] = None,
    window: Annotated[
        str | None, _option("Frames that the model looks at together; else its own.", metavar="N")
    ] = None,
    sharpen: Annotated[
        bool | None,
        _option("Make soft edges clean; of a model's depth unless you say no.", "--sharpen/--no-sharpen"),
    ] = None,
    upsample: Annotated[
        str | None,
        _option(f"How depth of fewer pixels than the video is enlarged: {', '.join(UPSAMPLINGS)}.", metavar="WAY"),
    ] = None,
    models: Annotated[
        Path | None, _option("The folder of all weights, instead of the usual one.", metavar="DIR")
    ] = None,
    device: Annotated[
        str | None, _option("What the model works on: cpu or cuda; else the GPU, if there is one.", metavar="NAME")
    ] = None,
) -> dict[str, Any]:
    """Return where depth comes from, as ``depth``, and what a model works with, as ``models`` and ``device``.

    Raises:
        UserError: all that means nothing.
    """
    faults = Faults()
    faults.of(lambda: _require_together(depth, depth_unit, depth_unknown, (model, longest, window)))
    asked = {
        "unit": faults.of(lambda: one_of("--depth-unit", depth_unit, DEPTH_UNITS)),
        "unknown": depth_unknown,
        "model": model,
        "longest": faults.of(lambda: read_as("--longest", Longest, _with_unit(longest, "px"))),
        "window": faults.of(lambda: read_as("--window", Frames, _with_unit(window, "f"))),
        "sharpen": sharpen,
        "upsample": faults.of(lambda: one_of("--upsample", upsample, UPSAMPLINGS)),
    }
    means = {"models": models, "device": faults.of(lambda: one_of("--device", device, get_args(Device)))}
    if models is not None and not models.is_dir():
        faults.found.append(UserError(f"--models {models}: no such folder"))
    faults.tell()
    return {"depth": _depth(depth, {name: value for name, value in asked.items() if value is not None}), **means}


def _require_together(depth: Path | None, unit: str | None, unknown: float | None, of_model: tuple[Any, ...]) -> None:
    """Refuse options of files without a file, and those of models beside one."""
    of_file = {"--depth-unit": unit, "--depth-unknown": unknown}
    if depth is None and (astray := [name for name, value in of_file.items() if value is not None]):
        raise UserError(f"{' and '.join(astray)} belong{'' if astray[1:] else 's'} to --depth, which is not given")
    options = zip(("--model", "--longest", "--window"), of_model, strict=True)
    if depth is not None and (astray := [name for name, value in options if value is not None]):
        raise UserError(f"--depth is given, so that no model is asked; leave out it, or {' and '.join(astray)}")


def _depth(file: Path | None, asked: dict[str, Any]) -> DepthFile | DepthModel | None:
    if file is not None:
        return DepthFile(file=file, **asked)
    return DepthModel(**{"model": "auto", **asked}) if asked else None


def _with_unit(written: str | None, unit: str) -> str | None:
    """On the command line a bare number has the option's own unit."""
    return f"{written}{unit}" if written is not None and written.isdecimal() else written
