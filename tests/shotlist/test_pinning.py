"""Pinning: versions are inserted into references, and no other byte of a file changes."""

from __future__ import annotations

import itertools
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import Fault, OutputError, ShotFileError
from ex4d.shotlist.library import lock_text
from ex4d.shotlist.pinning import pinning_of, write_pins
from ex4d.shotlist.yaml_text import compose

LAWS = settings(derandomize=True, deadline=None, max_examples=12)
HEAD = "ex4d: 1\nsource: {video: media/a.mp4}\nshots:\n"
NAMES = ("orbit-right", "push-in", "drift")


def document(data: bytes) -> object:
    """What a file says."""
    faults: list[Fault] = []
    found = compose(data, "film.yaml", faults)
    assert not faults
    return found


def unpinned(node: object) -> object:
    """The same document with every reference's version left out."""
    if isinstance(node, dict):
        return {key: str(value).partition("@")[0] if key == "use" else unpinned(value) for key, value in node.items()}
    return [unpinned(item) for item in node] if isinstance(node, list) else node


@st.composite
def references(draw: st.DrawFn) -> tuple[str, bool]:
    """An item of a camera that uses a preset, in some of YAML's ways; and whether it is pinned already."""
    pinned = draw(st.booleans())
    name = draw(st.sampled_from(NAMES)) + ("@1" if pinned else "")
    escaped = name.replace("-", "\\x2d")
    written = draw(st.sampled_from([name, f'"{name}"', f"'{name}'", f'"{escaped}"']))
    space = draw(st.sampled_from([" ", "  ", "\t"]))
    comment = draw(st.sampled_from(["", " # the old way: use: orbit-right", "\t# é 😀\t", "  "]))
    block = draw(st.sampled_from(["|-", ">-", "|-   # a block"]))
    item = draw(
        st.sampled_from(
            [
                f"      - use:{space}{written}{comment}\n",
                f"      - use: {written}{comment}\n        at: 0%..50%\n",
                f"      - at: 10%..50%\n        use: {written}{comment}\n",
                f"      - {{use: {written}}}{comment}\n",
                f"      - {{use: {written},at: 0%..40%}}{comment}\n",
                f"      - {{'use':  {written} , 'at': 0%..40%}}{comment}\n",
                f"      - ? use\n        : {written}{comment}\n",
                f"      -\n        use:\n          {written}{comment}\n",
                f"      - use: {block}\n          {name}\n\n",
            ]
        )
    )
    return item, pinned


@st.composite
def films(draw: st.DrawFn) -> tuple[bytes, int]:
    """A shot list with references, and how many of them are not pinned."""
    items = draw(st.lists(references(), min_size=1, max_size=6))
    split = draw(st.integers(1, len(items)))
    heading = draw(st.sampled_from(["", "title: 'use: orbit-right'\n", "# use: drift\n\n", 'title: "é😀 \u2028"\n']))
    text = heading + HEAD
    for number, part in enumerate((items[:split], items[split:])):
        text += f"  - name: s{number}  # use: drift\n    clip: 0s..2s\n    camera:\n" + "".join(
            item for item, _ in part
        )
    text = draw(st.sampled_from([text, text.rstrip("\n"), text + "\n# end", text + "   "]))
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    bom = draw(st.sampled_from(["", "\ufeff"]))
    return (bom + text).encode("utf-8"), sum(not pinned for _, pinned in items)


@LAWS
@given(films())
def test_no_byte_but_the_versions_changes(tmp_path_factory: pytest.TempPathFactory, film: tuple[bytes, int]) -> None:
    """Each of them is an inserted @1; what the file says is the same but for them, and all is pinned then."""
    data, count = film
    file = tmp_path_factory.getbasetemp() / "pinned.yaml"
    file.write_bytes(data)
    pinning = pinning_of(file)
    after = pinning.after
    file.write_bytes(after)

    assert len(pinning.pins) == count
    assert only_inserted(data, after, b"@1", count)
    assert unpinned(document(after)) == unpinned(document(data))
    assert pinning_of(file).pins == ()


def only_inserted(before: bytes, after: bytes, inserted: bytes, times: int) -> bool:
    """Whether taking some occurrences of a text out of ``after`` leaves ``before``."""
    places = [at for at in range(len(after)) if after.startswith(inserted, at)]
    for chosen in itertools.combinations(places, times):
        left, at = b"", 0
        for place in chosen:
            left, at = left + after[at:place], place + len(inserted)
        if left + after[at:] == before:
            return True
    return False


def project(folder: Path, camera: str = "[{use: orbit-right}]") -> Path:
    """Write a project's preset ``sway``; return its file."""
    file = folder / "trajectories" / "sway" / "v1.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"preset: sway\nversion: 1\nex4d: 1\nabout: a test\ncamera: {camera}  # mine\n")
    return file


def shots(folder: Path, camera: str) -> Path:
    """Write a shot list with one shot."""
    file = folder / "film.yaml"
    file.write_text(f"{HEAD}  - name: a\n    clip: 0s..2s\n    camera: {camera}\n")
    return file


def test_a_preset_of_a_project_is_pinned_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whatever path it is named."""
    file = project(tmp_path)
    before = file.read_text()
    monkeypatch.chdir(file.parent)
    write_pins(pinning_of(Path("v1.yaml")))

    assert file.read_text() == before.replace("{use: orbit-right}", "{use: orbit-right@1}")


def test_the_newest_version_of_a_projects_preset_is_taken(tmp_path: Path) -> None:
    """What it takes itself is told, and is left to its own file."""
    project(tmp_path)
    newer = tmp_path / "trajectories" / "sway" / "v12.yaml"
    newer.write_text((tmp_path / "trajectories" / "sway" / "v1.yaml").read_text().replace("version: 1", "version: 12"))
    file = shots(tmp_path, "[{use: sway}, {use: sway@1}, {use: push-in@1}]")
    pinning = pinning_of(file)

    assert [(pin.name, pin.version) for pin in pinning.pins] == [("sway", 12)]
    assert [use.name for use in pinning.inside] == ["orbit-right"]
    assert b"[{use: sway@12}, {use: sway@1}, {use: push-in@1}]" in pinning.after


def test_a_released_preset_is_not_touched(tmp_path: Path) -> None:
    """Its next version is to be pinned."""
    file = project(tmp_path)
    (tmp_path / "trajectories" / "lock.json").write_text(lock_text(tmp_path / "trajectories"))

    with pytest.raises(ShotFileError, match=r"sway@1 is released and never changes; pin its references in v2\.yaml"):
        pinning_of(file)


@pytest.mark.parametrize(
    ("camera", "message"),
    [("[{use: orbit-rigth}]", "did you mean 'orbit-right'"), ("[{use: orbit-right}, {pan: 3}]", "has no unit")],
)
def test_a_file_with_faults_is_not_pinned(tmp_path: Path, camera: str, message: str) -> None:
    """Neither a shot list nor a preset."""
    for file in (shots(tmp_path, camera), project(tmp_path, camera)):
        with pytest.raises(ShotFileError, match=message):
            pinning_of(file)


def test_permissions_stay_and_links_stay_links(tmp_path: Path) -> None:
    """What a link names is written, not the link."""
    real = shots(tmp_path, "[{use: drift}]")
    real.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(real.name)
    write_pins(pinning_of(link))

    assert link.is_symlink()
    assert b"drift@1" in real.read_bytes()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["film.yaml", "link.yaml"]


def test_a_file_that_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    """Somebody else's work is not overwritten."""
    file = shots(tmp_path, "[{use: drift}]")
    pinning = pinning_of(file)
    file.write_bytes(b"# mine\n" + pinning.before)

    with pytest.raises(OutputError, match="has changed meanwhile"):
        write_pins(pinning)
    assert file.read_bytes() == b"# mine\n" + pinning.before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write what is read-only")
def test_a_file_that_is_read_only_stays_so(tmp_path: Path) -> None:
    """Though its folder would allow to replace it."""
    file = shots(tmp_path, "[{use: drift}]")
    file.chmod(0o444)

    with pytest.raises(OutputError, match="read-only"):
        write_pins(pinning_of(file))
