"""A pull that broke goes on where it ended, and what is here and whole is not brought again."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ex4d.errors import MissingPart
from ex4d.models import check, pull
from tests.models.small_hub import SmallHub
from tests.models.small_pulls import Listener, content, large_tensors
from tests.models.small_weights import SMALL, write


def test_a_file_that_is_gone_on_with_ends_at_all_of_its_megabytes(hub: SmallHub) -> None:
    hub.files["vae/model.safetensors"] = large_tensors(3_400_000)
    hub.breaks = [10**6] * 5 + [2_100_000, 0, 0, 0, 0]
    with pytest.raises(MissingPart):
        pull(SMALL)
    progress = Listener()
    pull(SMALL, progress)
    assert "small: 3 MB in 7 files; 2 MB are here, 1 MB in 2 files to come" in progress.said[0]
    assert progress.tasks[0] == ["1/2 model.safetensors", 3, 3]


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
