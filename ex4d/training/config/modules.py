"""Whether the models that a training file names are those that ex4d knows; nothing heavy is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from ex4d.errors import Fault, UserError
from ex4d.shotlist.depth import DepthModel
from ex4d.shotlist.fields import near, shown
from ex4d.shotlist.nodes import Mapped, Node, Text
from ex4d.shotlist.paths import why_no_path
from ex4d.shotlist.units import quoted
from ex4d.training.config.written import written_at


def unknown_depth_models(root: Mapped) -> Iterator[Fault]:
    """Find a depth model that there is not, and settings that it does not heed."""
    depth, model = written_at(root, "clips", "depth"), written_at(root, "clips", "depth", "model")
    if not isinstance(depth, Mapped) or not isinstance(model, Text) or not model:
        return
    from ex4d.models import DEPTH_MODELS, depth_model, require_settings  # not every file asks for one

    names = tuple(each.name for each in DEPTH_MODELS)
    if model != "auto" and model not in names:
        hint = near(model, names) or f"; write auto, or one of {', '.join(names)}"
        yield model.where.fault(f"there is no depth model {quoted(model)}{hint}")
        return
    try:
        require_settings(depth_model(model), DepthModel.model_validate(depth).settings)
    except UserError as error:
        yield depth.where.fault(str(error))
    except ValueError:
        return  # what is wrong with the settings themselves is told where they are read


def _weights(value: Any) -> Any:
    """Read the name of weights that can be trained on, or resolve the path of a folder of them."""
    if not isinstance(value, Node):
        return value
    if not isinstance(value, Text) or not value.strip():
        raise ValueError(f"needs the name of weights, or the path of a folder that has them, but got {shown(value)}")
    folder = Path(value.where.file).parent / str(value)
    if not os.path.isdir(folder) and _is_known(value):  # noqa: PTH112 - Path's raises on names that cannot be
        return str(value)
    if (why := why_no_path(value)) is not None:
        raise ValueError(why)
    return str(folder.absolute())


def names_a_folder(weights: Node) -> bool:
    """Return whether weights, as written, are the path of a folder, whether it is there or not."""
    try:
        return isinstance(weights, Text) and bool(weights) and not _is_known(weights)
    except ValueError:
        return False


def _is_known(name: str) -> bool:
    """Tell a name from the path of a folder that may be there some day.

    Raises:
        ValueError: it is the name of other weights, or of none.
    """
    from ex4d.models import EX4D, KNOWN, WAN

    instead = f"; write {WAN.name}, or the path of a folder that has such weights"
    if name == EX4D.name:
        raise ValueError(f"{quoted(name)} is an adapter; to go on from one, write adapter: and its file")
    if name in {weights.name for weights in KNOWN} - {WAN.name}:
        raise ValueError(f"{quoted(name)} is no model that EX-4D's adapter stands on{instead}")
    if name in WAN.elsewhere:
        raise ValueError(f"{quoted(name)} is called {WAN.name} here; write that, or the path of a folder that is there")
    if name != WAN.name and "/" not in name:
        raise ValueError(f"there is no model {quoted(name)} to train on{near(name, (WAN.name,)) or instead}")
    return name == WAN.name


Weights = Annotated[str, BeforeValidator(_weights)]
"""Of the frozen model: a name that ex4d knows, or the absolute path of a folder."""
