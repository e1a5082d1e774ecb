"""Whether weights are here and whole: by the heads of their files, so in a moment whatever their size."""

from __future__ import annotations

from pathlib import Path

from ex4d.errors import MissingPart
from ex4d.models.commands import pull_command
from ex4d.models.layout import INDEX, Layout
from ex4d.models.safetensors_files import read_header
from ex4d.models.shard_index import read_json, weight_map
from ex4d.models.torch_archives import archive_fault
from ex4d.models.weights import Weights

PUBLISHED_PICKLES = frozenset({".pth", ".ckpt"})
PICKLES = PUBLISHED_PICKLES | {".bin", ".pt", ".pkl", ".pickle"}


def check(weights: Weights, folder: Path | None = None) -> None:
    """Make sure that weights are here and whole, in the folder where they are found by default.

    Raises:
        MissingPart: they are not; says all that is wrong, and what to run.
    """
    folder = folder or weights.folder
    layout = weights.layout_in(folder)
    remedy = pull_command(weights, weights.models_above(folder))
    if not layout.found(folder):
        raise MissingPart(f"{weights.name} is not here ({folder}); run\n  {remedy}")
    faults = [f"{name} is missing" for name in layout.missing(folder)]
    present = [*layout.files_in(folder), *layout.for_prompts_in(folder), *layout.welcome]
    faults += [f"{name}: {fault}" for name in present if (fault := file_fault(folder / name))]
    faults += [fault for index in layout.indexes(folder) for fault in _index_faults(folder / index, index)]
    if faults:
        raise MissingPart(f"{folder}: {'; '.join(faults)}; to get it anew, run\n  {remedy}")
    if strangers := _strangers(layout, folder):
        raise MissingPart(
            f"{folder}: {', '.join(strangers)}: a pickle, which may run code when it is loaded; "
            f"ex4d reads safetensors, and only those pickles that {weights.repository} is made of: remove it"
        )


def file_fault(file: Path) -> str | None:
    """Say what is wrong with a file of weights by itself; None where nothing is, or it is not there."""
    if not file.is_file():
        return None
    try:
        return _content_fault(file)
    except OSError as cause:
        return f"cannot be read ({cause.strerror})"


def _content_fault(file: Path) -> str | None:
    if file.suffix == ".safetensors":
        return read_header(file).fault
    if file.suffix in PUBLISHED_PICKLES:
        return archive_fault(file)
    if file.name.endswith(INDEX):
        return None if weight_map(file) else "is no index of safetensors files beside it"
    if file.suffix == ".json":
        return None if read_json(file) is not None else "is not JSON"
    return None if file.stat().st_size else "is empty"


def _index_faults(index: Path, name: str) -> list[str]:
    """Compare what an index says with the headers of the shards that are there and whole."""
    named: dict[str, set[str]] = {}
    for tensor, shard in (weight_map(index) or {}).items():
        named.setdefault(shard, set()).add(tensor)
    faults = []
    for shard, tensors in sorted(named.items()):
        file = index.with_name(shard)
        header = read_header(file) if file.is_file() else None
        if header and not header.fault and (lacking := sorted(tensors - header.tensors)):
            faults.append(f"{name} names {len(lacking)} tensors that {shard} does not have, as {lacking[0]}")
    return faults


def _strangers(layout: Layout, folder: Path) -> list[str]:
    """Return the pickles beside the files of a layout that are none of them."""
    beside = [file for name in layout.folders() if (folder / name).is_dir() for file in (folder / name).iterdir()]
    found = {file.relative_to(folder).as_posix() for file in beside if file.suffix in PICKLES}
    return sorted(found - {*layout.files, *layout.for_prompts})
