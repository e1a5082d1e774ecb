"""By what a training is known: contents, wherever they are."""

import shutil
from dataclasses import replace

import pytest

from ex4d.errors import MediaError
from ex4d.training.adapter.matters import what_matters
from tests.training.adapter.test_run import config_of
from tests.training.tiny_prepared import write_tiny_prepared


@pytest.fixture
def prepared(tmp_path):
    return write_tiny_prepared(tmp_path / "prepared", held_out=1)


def test_weights_and_adapters_are_known_by_their_contents(prepared, wan_folder, tmp_path):
    """So that a project goes on wherever it is moved to, and not with other weights."""
    adapters = [tmp_path / name for name in ("one.ckpt", "same.ckpt", "other.ckpt")]
    for file, contents in zip(adapters, (b"one", b"one", b"other"), strict=True):
        file.write_bytes(contents)
    moved, changed = (replace(wan_folder, root=tmp_path / name) for name in ("moved", "changed"))
    for folder in (moved, changed):
        shutil.copytree(wan_folder.root, folder.root)
    shard = changed.files("transformer")[0]
    shard.write_bytes(shard.read_bytes()[:-1] + b"\1")

    one, same, other = (what_matters(config_of(tmp_path, adapter=file), prepared, wan_folder) for file in adapters)
    assert same == one
    assert {name for name in one if one[name] != other[name]} == {"model.adapter"}
    config = config_of(tmp_path, adapter=adapters[0])
    assert what_matters(config, prepared, moved) == one
    altered = what_matters(config, prepared, changed)
    assert {name for name in one if one[name] != altered[name]} == {"model.weights"}
    adapters[0].unlink()
    with pytest.raises(MediaError, match=r"one.ckpt cannot be read"):
        what_matters(config, prepared, moved)
