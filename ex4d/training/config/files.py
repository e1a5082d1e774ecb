"""Whether the files and folders that a training file names are there, and can be what they are to be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ex4d.errors import Fault
from ex4d.shotlist.local_files import missing_file
from ex4d.shotlist.nodes import Mapped, Node, Text
from ex4d.shotlist.paths import why_no_path
from ex4d.shotlist.units import quoted
from ex4d.training.config.modules import names_a_folder
from ex4d.training.config.written import written_at

SHARD = ".tar"
MOST_NAMES = 2000
"""Of a folder, that are looked at."""
NAME = "{name}"
"""Stands for the video's name in the path of its depth."""


def missing_files(root: Mapped) -> Iterator[Fault]:
    """Find what is to be read and is not on this machine; of depth of many videos, the folder that all of it is in."""
    yield from missing_file(written_at(root, "clips", "videos"))
    yield from missing_file(written_at(root, "model", "adapter"))
    if (depth := _path(_depth(root))) is not None and (NAME in depth or "{" not in depth):
        yield from missing_file(_folder_of_names(depth))
    weights = written_at(root, "model", "weights")
    yield from missing_file(weights) if names_a_folder(weights) else ()
    yield from _of_other_kinds(_path(written_at(root, "model", "adapter")), _path(weights))


def misplaced_files(root: Mapped) -> Iterator[Fault]:
    """Find another word for the video's name in the path of depth, and an output that would overwrite what is read."""
    depth, output = _path(_depth(root)), _path(written_at(root, "output"))
    if depth is not None and NAME not in depth and "{" in depth:
        yield depth.where.fault(f"{quoted(depth)}: the name of the video is written {NAME}, as in depth/{NAME}.npz")
    if output is not None:
        yield from _misplaced_output(output, _path(written_at(root, "clips", "videos")))


def may_hold_depth(videos: Path) -> bool:
    """Return whether videos are shards, which may have their depth beside them: by their name, or in a folder."""
    if videos.suffix.lower() == SHARD:
        return True
    try:
        names = islice(videos.iterdir(), MOST_NAMES) if videos.is_dir() else ()
        return any(each.suffix.lower() == SHARD for each in names)
    except OSError:  # a name that cannot be, or a folder that may not be listed
        return False


def _of_other_kinds(adapter: Text | None, weights: Text | None) -> Iterator[Fault]:
    """Find a folder in the place of a file, and a file in the place of a folder."""
    if adapter is not None and os.path.isdir(_resolved(adapter)):  # noqa: PTH112 - as below
        yield adapter.where.fault(f"{quoted(adapter)} is a folder; name the file, as {adapter.rstrip('/')}/ex4d.ckpt")
    if weights is not None and os.path.isfile(_resolved(weights)):  # noqa: PTH113 - as below
        yield weights.where.fault(f"{quoted(weights)} is a file; name the folder that holds the model's parts")


def _misplaced_output(output: Text, videos: Text | None) -> Iterator[Fault]:
    if output.startswith("~"):
        yield output.where.fault(f"{quoted(output)}: ~ is no folder here; write the whole path, or one from this file")
    elif os.path.isfile(_resolved(output)):  # noqa: PTH113 - Path's raises on names that cannot be
        yield output.where.fault(f"{quoted(output)} is a file; name a folder, which is made where it is not there")
    elif videos is not None and _normal(output) == _normal(videos):
        yield output.where.fault(f"{quoted(output)} is where the clips are; name a folder of its own")


def _depth(root: Mapped) -> Node:
    depth = written_at(root, "clips", "depth")
    if isinstance(depth, Mapped):
        return written_at(depth, "file")
    return Text("", depth.where) if depth == "auto" else depth  # what is meant is told where it is read


def _folder_of_names(depth: Text) -> Text:
    """Return the deepest folder above the video's name, as written; what has no name in it is returned as it is."""
    if NAME not in depth:
        return depth
    above = depth.partition(NAME)[0].rpartition("/")[0]
    return Text(above or ("/" if depth.startswith("/") else "."), depth.where)


def _path(written: Node) -> Text | None:
    """Return a path as it is written; None where nothing is, or what is no path."""
    return written if isinstance(written, Text) and written and why_no_path(written) is None else None


def _resolved(written: Text) -> Path:
    return Path(written.where.file).parent / str(written)


def _normal(written: Text) -> str:
    return os.path.normpath(_resolved(written).absolute())
