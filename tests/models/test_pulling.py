"""How weights come: sizes first, only what they are made of, from where the last try ended."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from ex4d.errors import MissingPart
from ex4d.models import KNOWN, check, pull
from tests.models.small_hub import SmallHub
from tests.models.small_pulls import Listener, content, large_tensors
from tests.models.small_weights import OTHER, SMALL, write


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


@pytest.mark.parametrize("status", [401, 403])
def test_weights_that_are_withheld_are_asked_for_once_and_come_with_a_token(
    hub: SmallHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    hub.withheld = status
    with pytest.raises(MissingPart) as fault:
        pull(SMALL)
    page = r"https?://\S+/somebody/Small"
    said = rf"withheld by the hub \(.*{status}.*sign in to {page} and accept its licence there \(Apache.*set HF_TOKEN"
    assert re.search(said, str(fault.value))
    assert len(hub.asked) == 1
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
    pull(SMALL)
    assert content(SMALL.home) == files


@pytest.mark.parametrize("weights", [KNOWN[0], KNOWN[-1]], ids=lambda weights: str(weights.extra))
def test_without_the_hub_s_client_the_extra_is_named(weights: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingPart, match=rf"pip install 'ex4d\[{weights.extra}\]'"):  # type: ignore[attr-defined]
        pull(weights)  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_is_named(hub: SmallHub, own_models: Path) -> None:
    own_models.parent.mkdir(exist_ok=True)
    own_models.write_text("a file")
    with pytest.raises(MissingPart, match=r"models/small cannot be written \(.*EX4D_MODELS"):
        pull(SMALL)
