"""Shards are read for what they hold, whoever wrote them; one bad clip costs only itself."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from ex4d.errors import MediaError
from ex4d.training.dataset import shards
from ex4d.training.dataset.shards import Shard, read_shard
from tests.training.dataset.tiny_clips import write_shard


def entry(name: str, **stated: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for field, value in stated.items():
        setattr(made, field, value)
    return made


def keys(shard: Shard) -> list[str]:
    return [sample.key for sample in shard.samples]


def contents(member: shards.Member | None) -> bytes:
    assert member is not None
    return b"".join(member.chunks())


def test_the_files_of_a_key_are_one_clip_in_the_shard_s_own_order(tmp_path: Path) -> None:
    members = {
        "b.mp4": b"video b", "b.json": b"{}", "b.depth.npz": b"depth b", "a/01.txt": b"words", "a/01.mp4": b"video a"
    }  # fmt: skip
    shard = read_shard(write_shard(tmp_path / "s.tar", members))
    first, second = shard.samples

    assert (keys(shard), shard.faults) == (["b", "a/01"], ())
    assert [contents(one) for one in (first.video, first.depth)] == [b"video b", b"depth b"]
    assert [contents(one) for one in (second.video, second.text)] == [b"video a", b"words"]
    assert (first.text, second.depth, first.video.suffix, first.depth and first.depth.suffix) == (
        None, None, ".mp4", ".depth.npz",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("../b.mp4", entry("../b.mp4")),
        ("/etc/b.mp4", entry("/etc/b.mp4")),
        ("x/../../b.mp4", entry("x/../../b.mp4")),
        ("..\\b.mp4", entry("..\\b.mp4")),
        ("b\x1b[2J.mp4", entry("b\x1b[2J.mp4")),
        ("b.mp4", entry("b.mp4", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
        ("b.mp4", entry("b.mp4", type=tarfile.LNKTYPE, linkname="a.mp4")),
        ("b.mp4", entry("b.mp4", type=tarfile.FIFOTYPE)),
        ("b.mp4", entry("b.mp4", type=tarfile.CHRTYPE)),
        ("b.mp4", entry("b.mp4", type=tarfile.GNUTYPE_SPARSE)),
    ],
)
def test_a_member_that_is_no_plain_file_of_the_shard_is_told_and_not_read(
    tmp_path: Path, name: str, bad: tarfile.TarInfo
) -> None:
    shard = read_shard(write_shard(tmp_path / "s.tar", {"a.mp4": b"a", name: bad, "c.mp4": b"c"}))

    assert keys(shard) == ["a", "c"]
    ((_, why),) = shard.faults
    assert "is no name within a shard" in why or "only plain files are read" in why


def test_a_link_beside_a_clip_s_video_costs_that_clip(tmp_path: Path) -> None:
    link = entry("a.txt", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    shard = read_shard(write_shard(tmp_path / "s.tar", {"a.mp4": b"a", "a.txt": link, "b.mp4": b"b"}))
    assert (keys(shard), [key for key, _ in shard.faults]) == (["b"], ["a"])


def test_files_of_a_clip_that_stand_apart_are_not_put_together(tmp_path: Path) -> None:
    shard = read_shard(write_shard(tmp_path / "s.tar", {"a.mp4": b"a", "b.mp4": b"b", "a.txt": b"words"}))
    assert keys(shard) == ["b"]
    assert "do not stand together" in dict(shard.faults)["a"]


def test_two_videos_of_one_clip_and_none_are_told(tmp_path: Path) -> None:
    shard = read_shard(write_shard(tmp_path / "s.tar", {"a.mp4": b"", "a.mkv": b"", "b.txt": b"", "c.mp4": b""}))
    assert keys(shard) == ["c"]
    assert dict(shard.faults) == {"a": "a.mkv is its second video", "b": "has no video; a clip's is KEY.mp4"}


def test_members_beyond_the_limits_are_not_read(tmp_path: Path) -> None:
    shard = read_shard(write_shard(tmp_path / "s.tar", {"a.mp4": b"a", "a.txt": b"x" * 65537, "b.mp4": b"b"}))
    assert keys(shard) == ["b"]
    assert "65,537 bytes; at most 65,536 are read of a text" in dict(shard.faults)["a"]


def test_a_header_that_tells_of_more_than_there_is_costs_its_clip(tmp_path: Path) -> None:
    file = write_shard(tmp_path / "s.tar", {"a.mp4": b"a", "b.mp4": entry("b.mp4", size=1 << 40)})
    shard = read_shard(file)

    assert keys(shard) == ["a"]
    assert "reaches beyond the end" in dict(shard.faults)["b"]
    assert "damaged or cut short after 1 clips" in dict(shard.faults)[""]


@pytest.mark.parametrize("blocks", range(8))
def test_of_a_shard_that_is_cut_short_the_whole_clips_are_used_and_it_is_told(tmp_path: Path, blocks: int) -> None:
    """Each clip is a header and a block; the end mark begins at the sixth block."""
    file = write_shard(tmp_path / "s.tar", {f"{key}.mp4": key.encode() * 512 for key in "abc"})
    left = max(0, 512 * blocks - 100)
    file.write_bytes(file.read_bytes()[:left])
    shard = read_shard(file)

    assert keys(shard) == list("abc")[: left // 1024]
    assert all(contents(sample.video) == sample.key.encode() * 512 for sample in shard.samples)
    assert ("" in dict(shard.faults)) == (blocks < 8)


def test_a_damaged_header_within_is_no_end(tmp_path: Path) -> None:
    file = write_shard(tmp_path / "s.tar", {f"{key}.mp4": key.encode() for key in "abc"})
    damaged = bytearray(file.read_bytes())
    damaged[1024:1034] = b"\x07" * 10
    file.write_bytes(damaged)
    shard = read_shard(file)

    assert keys(shard) == ["a"]
    assert "no end mark" in dict(shard.faults)[""]


def test_a_name_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    """The header of a long name says how long it is; on a sparse file it may even be there."""
    long = entry("././@LongLink", type=tarfile.GNUTYPE_LONGNAME, size=1 << 33).tobuf(tarfile.GNU_FORMAT)
    file = write_shard(tmp_path / "s.tar", {"a.mp4": b"a"})
    with file.open("r+b") as stream:
        stream.seek(1024)
        stream.write(long)
        stream.truncate(1 << 34)
    shard = read_shard(file)

    assert keys(shard) == ["a"]
    assert "a header of 8589934592 bytes" in dict(shard.faults)[""]


def test_a_member_of_less_than_no_bytes_leads_to_no_circle(tmp_path: Path) -> None:
    header = bytearray(entry("b.mp4").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + b"\xfe\x00"  # -512 in the base of 256: it would be followed by itself
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    file = write_shard(tmp_path / "s.tar", {"a.mp4": b"a"})
    file.write_bytes(file.read_bytes()[:1024] + header + bytes(2048))
    shard = read_shard(file)

    assert keys(shard) == ["a"]
    assert "a member of less than no bytes" in dict(shard.faults)[""]


def test_names_within_names_within_names_are_given_up(tmp_path: Path) -> None:
    """Each says that another long name follows; the standard library reads them by recursion."""
    long = entry("././@LongLink", type=tarfile.GNUTYPE_LONGNAME, size=1).tobuf(tarfile.GNU_FORMAT) + bytes(512)
    (tmp_path / "s.tar").write_bytes(long * 2000 + bytes(1024))
    assert read_shard(tmp_path / "s.tar").faults


@pytest.mark.parametrize("bad", [b"", b"\x1f\x8b\x08" + bytes(600), b"no archive at all" * 100])
def test_what_is_no_archive_is_told(tmp_path: Path, bad: bytes) -> None:
    (tmp_path / "s.tar").write_bytes(bad)
    shard = read_shard(tmp_path / "s.tar")
    assert not shard.samples
    assert "damaged or cut short after 0 clips" in dict(shard.faults)[""]


def test_an_archive_without_members_is_whole(tmp_path: Path) -> None:
    assert read_shard(write_shard(tmp_path / "s.tar", {})) == Shard((), ())


def test_names_that_are_no_text_do_not_break_the_words_of_a_report(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", encoding="latin-1", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(entry("bär.mp4"), io.BytesIO())
    (tmp_path / "s.tar").write_bytes(buffer.getvalue())
    (sample,) = read_shard(tmp_path / "s.tar").samples
    assert sample.key.encode() == "b\ufffdr".encode()


def test_a_shard_that_changed_since_is_told(tmp_path: Path) -> None:
    file = write_shard(tmp_path / "s.tar", {"a.mp4": b"a" * 2000})
    (sample,) = read_shard(file).samples
    file.write_bytes(file.read_bytes()[:1500])
    with pytest.raises(MediaError, match=r"cut short in a\.mp4"):
        contents(sample.video)
    file.unlink()
    with pytest.raises(MediaError, match="cannot be read"):
        contents(sample.video)
