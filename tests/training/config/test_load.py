"""A training file is read whole, with its defaults, or refused with all that is wrong with it."""

from __future__ import annotations

import pickle
from copy import deepcopy
from pathlib import Path

import pytest

from ex4d.errors import ShotFileError
from ex4d.shotlist.source import Center, Nearest
from ex4d.training.config.load import load, parse
from ex4d.training.config.records import (
    Excerpts,
    Keeping,
    Masks,
    Model,
    RenderingMasks,
    TrackingMasks,
    Training,
    TrainingConfig,
)
from tests.training.config.files import FILE, SHORT, messages, with_cameras


def test_what_is_not_written_has_its_default() -> None:
    config = parse(SHORT, FILE)

    assert config.excerpts == Excerpts()
    assert config.masks == Masks()
    assert (config.model, config.training, config.keep) == (Model(), Training(), Keeping())
    assert config.clips.subject == Nearest()


def test_paths_are_relative_to_the_file() -> None:
    config = parse(SHORT, FILE)

    assert config.file == FILE
    assert config.clips.videos == FILE.parent.absolute() / "clips"
    assert config.output == FILE.parent.absolute() / "out/adapter"


def test_values_have_their_canonical_units() -> None:
    config = parse(
        SHORT.replace("}}", "}, subject: center, fps: 30000/1001}")
        + "excerpts: {frames: 17, size: 320x256}\n"
        + "masks: {rendering: {share: 25%}, tracking: {share: 0.75, smallest: 1%}, erode: 5}\n"
        + "training: {learning_rate: 0.00005, checkpointing: false, precision: bf16, average: 0.99}\n",
        FILE,
    )

    assert config.clips.subject == Center()
    assert config.excerpts == Excerpts(frames=17, size=(320, 256))
    assert config.masks == Masks(
        rendering=RenderingMasks(share=0.25), tracking=TrackingMasks(share=0.75, smallest=0.01), erode=5
    )
    assert config.training == Training(learning_rate=0.00005, checkpointing=False, precision="bf16", average=0.99)


def test_a_file_that_names_what_is_not_there_is_told(tmp_path: Path) -> None:
    """And only if it is asked for: a file may be checked where its clips are not."""
    file = tmp_path / "train.yaml"
    file.write_text(SHORT)

    assert isinstance(load(file, must_exist=False), TrainingConfig)
    with pytest.raises(ShotFileError, match="'clips' is not there"):
        load(file)
    (tmp_path / "clips").mkdir()
    assert load(file).clips.videos == tmp_path / "clips"


def test_a_file_that_was_read_can_be_copied_and_sent() -> None:
    """With the moves of its cameras, which are kept as they are written."""
    config = parse(with_cameras("camera: [{orbit: {right: 20deg to 60deg}}]"), FILE)

    for again in (deepcopy(config), pickle.loads(pickle.dumps(config))):  # noqa: S301 - our own
        assert again == config
        (camera,) = again.masks.rendering.cameras
        assert camera.camera.where == config.masks.rendering.cameras[0].camera.where


def test_weights_are_a_known_name_or_the_absolute_path_of_a_folder(tmp_path: Path) -> None:
    """Of a folder that has a name's letters the folder is meant; one that is not there yet may come."""
    file = tmp_path / "train.yaml"
    (tmp_path / "mine").mkdir()

    def weights(written: str) -> str:
        return parse(SHORT + f"model: {{weights: {written}}}\n", file).model.weights

    assert weights("wan2.1-i2v-14b-480p") == "wan2.1-i2v-14b-480p"
    assert weights("mine") == weights("./mine") == str(tmp_path / "mine")
    assert weights("some/day") == str(tmp_path / "some" / "day")


@pytest.mark.parametrize("frames", [5, 6, 7, 8, 9, 47, 50, 51, 1001])
def test_lengths_are_one_more_than_a_multiple_of_4_or_told_the_nearest(frames: int) -> None:
    text = SHORT + f"excerpts: {{frames: {frames}}}\n"
    if frames % 4 == 1:
        assert parse(text, FILE).excerpts.frames == frames
        return
    (message,) = messages(text)
    nearest = int(message.rpartition(" ")[2])
    assert nearest % 4 == 1
    assert abs(nearest - frames) <= 2
