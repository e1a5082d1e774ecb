"""How weights come: sizes first, only what they are made of, from where the last try ended."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ex4d.errors import MissingPart
from ex4d.models import KNOWN, check, pull
from tests.models.small_hub import SmallHub, serving
from tests.models.small_weights import OTHER, SMALL, write


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.tasks: list[list[int | str]] = []

    def begin(self, task: str, total: int) -> None:
        self.tasks.append([task, total, 0])

    def advance(self) -> None:
        self.tasks[-1][2] += 1  # type: ignore[operator]

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def hub(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    monkeypatch.setattr("ex4d.models.hub.PAUSE_S", 0.0)
    extra = {"README.md": b"words", "pytorch_model.bin": b"\x80\x04.", "model-00001-of-00002.fp16.safetensors": b"x"}
    hub = SmallHub(SMALL.repository, {**files, **extra})
    with serving(hub):
        yield hub


def content(folder: Path) -> dict[str, bytes]:
    found = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return {name: file.read_bytes() for name, file in found.items() if name != ".pull"}


def test_what_they_are_made_of_comes_and_nothing_else(hub: SmallHub, files: dict[str, bytes]) -> None:
    assert pull(SMALL) == SMALL.home
    assert content(SMALL.home) == files
    check(SMALL)


def test_sizes_are_said_before_anything_is_brought(hub: SmallHub, files: dict[str, bytes]) -> None:
    hub.files["vae/model.safetensors"] = grown = large_tensors(3_400_000)
    write({"config.json": files["config.json"]}, SMALL.home)
    progress = Listener()
    pull(SMALL, progress)
    (said,) = progress.said
    assert re.match(
        rf"small: 3 MB in 7 files; 0 MB are here, 3 MB in 6 files to come; {re.escape(str(SMALL.home))} has [\d,]+ MB",
        said,
    )
    assert [task for task in progress.tasks if task[1]] == [["5/6 model.safetensors", 3, 3]]
    assert (SMALL.home / "vae/model.safetensors").read_bytes() == grown


def test_a_file_that_is_gone_on_with_ends_at_all_of_its_megabytes(hub: SmallHub) -> None:
    hub.files["vae/model.safetensors"] = large_tensors(3_400_000)
    hub.breaks = [10**6] * 5 + [2_100_000, 0, 0, 0, 0]
    with pytest.raises(MissingPart):
        pull(SMALL)
    progress = Listener()
    pull(SMALL, progress)
    assert "small: 3 MB in 7 files; 2 MB are here, 1 MB in 2 files to come" in progress.said[0]
    assert progress.tasks[0] == ["1/2 model.safetensors", 3, 3]


def large_tensors(size: int) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    return save({"z": np.zeros(size, np.uint8)})


def test_what_came_whole_is_kept_and_asked_for_no_more(hub: SmallHub) -> None:
    pull(SMALL)
    hub.asked.clear()
    pull(SMALL)
    assert hub.asked == []
    (SMALL.home / "encoder.pth").unlink()
    pull(SMALL)
    assert hub.asked == [("encoder.pth", 0)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(breaks=st.lists(st.integers(1, 400), max_size=6))
def test_however_often_the_connection_breaks_the_same_bytes_come(
    hub: SmallHub, files: dict[str, bytes], breaks: list[int]
) -> None:
    """Each byte is sent once, if the breaks are few or many."""
    for name in content(SMALL.home):
        (SMALL.home / name).unlink()
    hub.asked.clear()
    hub.breaks = list(breaks)
    pull(SMALL)
    assert content(SMALL.home) == files
    starts: dict[str, list[int]] = {}
    for name, start in hub.asked:
        starts.setdefault(name, []).append(start)
    for asked in starts.values():
        assert asked[0] == 0
        assert asked == sorted(set(asked))


def test_a_later_pull_goes_on_where_the_first_ended(hub: SmallHub, files: dict[str, bytes]) -> None:
    hub.breaks = [100, 0, 0, 0, 0]
    with pytest.raises(MissingPart, match=r"fetched \(the connection broke\); what came is kept: run the same command"):
        pull(replace(SMALL, layouts=(replace(SMALL.layouts[0], files=("encoder.pth",)),)))
    assert hub.asked == [("encoder.pth", 0), *[("encoder.pth", 100)] * 4]
    assert not (SMALL.home / "encoder.pth").exists()
    hub.asked.clear()
    pull(SMALL)
    assert ("encoder.pth", 100) in hub.asked
    assert content(SMALL.home) == files


def test_a_hub_that_only_sends_whole_files_is_enough(hub: SmallHub, files: dict[str, bytes]) -> None:
    hub.whole_only = True
    hub.breaks = [7, 20]
    pull(SMALL)
    assert content(SMALL.home) == files


def test_more_bytes_than_were_told_are_not_taken(hub: SmallHub, files: dict[str, bytes]) -> None:
    listing = hub._listing()
    hub._listing = lambda: listing  # type: ignore[method-assign]
    hub.files["encoder.pth"] += bytes(1000)
    pull(SMALL)
    assert content(SMALL.home) == files


def test_other_bytes_than_the_hub_tells_of_are_removed(hub: SmallHub) -> None:
    listing = hub._listing()
    hub._listing = lambda: listing  # type: ignore[method-assign]
    whole = hub.files["encoder.pth"]
    hub.files["encoder.pth"] = whole[:-1] + b"\1"
    with pytest.raises(MissingPart, match=r"encoder\.pth: what came is not what the hub has; it was removed"):
        pull(SMALL)
    assert not [name for name in content(SMALL.home) if name.startswith("encoder.pth")]


def test_what_is_damaged_comes_anew_and_stays_until_then(hub: SmallHub, files: dict[str, bytes]) -> None:
    write({**files, "encoder.pth": b"cut", "config.json": b"x" * len(files["config.json"])}, SMALL.home)
    hub.breaks = [0] * 4
    with pytest.raises(MissingPart):
        pull(SMALL)
    assert (SMALL.home / "config.json").read_bytes().startswith(b"x")
    pull(SMALL)
    assert content(SMALL.home) == files
    assert {name for name, _ in hub.asked} == {"encoder.pth", "config.json"}


def test_another_version_of_a_file_is_replaced(hub: SmallHub, files: dict[str, bytes]) -> None:
    write({**files, "config.json": b'{"dim": 44}'}, SMALL.home)
    pull(SMALL)
    assert content(SMALL.home) == files


def test_what_was_begun_for_the_reference_is_completed_there(hub: SmallHub, files: dict[str, bytes]) -> None:
    there = write({"encoder.pth": files["encoder.pth"]}, SMALL.home.parent / "Somebody" / "Small")
    assert pull(SMALL) == there
    assert content(there) == files
    assert not SMALL.home.exists()


def test_another_layout_is_not_mixed_with_the_published_one(hub: SmallHub, files: dict[str, bytes]) -> None:
    there = SMALL.home.parent / "Somebody" / "Small"
    write({"encoder/config.json": b"{}"}, there)
    assert SMALL.layout_in(there) is OTHER
    assert pull(SMALL) == SMALL.home


def test_what_does_not_fit_is_not_begun(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100_000_000))
    with pytest.raises(MissingPart, match=r"small does not fit: 100 MB are needed, 100 are free in .*EX4D_MODELS"):
        pull(SMALL)
    assert hub.asked == []


def test_what_was_begun_needs_no_room_again(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sum(len(content) for name, content in hub.files.items() if name in hub.files)
    hub.breaks = [300, 0, 0, 0, 0]
    with pytest.raises(MissingPart):
        pull(replace(SMALL, layouts=(replace(SMALL.layouts[0], files=("encoder.pth",)),)))
    wanted = whole - sum(len(hub.files[name]) for name in ("README.md", "pytorch_model.bin"))
    wanted -= len(hub.files["model-00001-of-00002.fp16.safetensors"])
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100_000_000 + wanted - 300))
    pull(SMALL)
    check(SMALL)


def test_a_repository_that_lacks_a_file_is_not_begun(hub: SmallHub) -> None:
    del hub.files["encoder.pth"]
    with pytest.raises(MissingPart, match=r"somebody/Small on the hub has no encoder\.pth"):
        pull(SMALL)
    assert hub.asked == []


def test_a_repository_without_what_prompts_need_is_enough(hub: SmallHub) -> None:
    del hub.files["tokenizer/words.json"]
    pull(SMALL)
    check(SMALL)


def test_either_form_of_tensors_is_taken(hub: SmallHub, files: dict[str, bytes]) -> None:
    """The vae in an index and its shard, the model in one file."""
    vae, model = files["vae/model.safetensors"], files["model-00001-of-00002.safetensors"]
    for name in [name for name in hub.files if name.endswith(("safetensors", "index.json"))]:
        del hub.files[name]
    hub.files |= {
        "vae/model.safetensors.index.json": b'{"weight_map": {"z": "model-00001-of-00001.safetensors"}}',
        "vae/model-00001-of-00001.safetensors": vae,
        "model.safetensors": model,
    }
    pull(SMALL)
    assert {"vae/model-00001-of-00001.safetensors", "model.safetensors"} < content(SMALL.home).keys()


def test_two_pulls_of_the_same_do_not_mix(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    inner: list[str] = []

    def pull_again(*_: object) -> None:
        with pytest.raises(MissingPart) as fault:
            pull(SMALL)
        inner.append(str(fault.value))
        raise RuntimeError("enough")

    monkeypatch.setattr("ex4d.models.pulling.fetch", pull_again)
    with pytest.raises(MissingPart, match="enough"):
        pull(SMALL)
    assert inner == [f"small is being pulled already, to {SMALL.home}"]


def test_a_repository_that_is_not_there_is_answered(hub: SmallHub) -> None:
    with pytest.raises(MissingPart, match=r"nobody/Nothing could not be fetched \("):
        pull(replace(SMALL, repository="nobody/Nothing"))


@pytest.mark.parametrize("weights", [KNOWN[0], KNOWN[1]], ids=lambda weights: str(weights.extra))
def test_without_the_hub_s_client_the_extra_is_named(weights: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingPart, match=rf"pip install 'ex4d\[{weights.extra}\]'"):  # type: ignore[attr-defined]
        pull(weights)  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_is_named(hub: SmallHub, own_models: Path) -> None:
    own_models.parent.mkdir(exist_ok=True)
    own_models.write_text("a file")
    with pytest.raises(MissingPart, match=r"models/small cannot be written \(.*EX4D_MODELS"):
        pull(SMALL)
