"""What passes as a file of torch.save: tensors alone, whole, and never more than safe loading takes."""

from __future__ import annotations

import datetime
import io
import pickle
import struct
import time
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._weights_only_unpickler import _get_allowed_globals

from ex4d.models.torch_archives import GLOBALS, LARGEST_DIRECTORY, LARGEST_PICKLE, archive_fault

DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.uint8, torch.bool)
NUMBERS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=4)
TENSORS = st.builds(
    lambda shape, dtype: torch.zeros(shape, dtype=dtype),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(DTYPES),
)
CHECKPOINTS = st.dictionaries(st.text(max_size=8), st.recursive(TENSORS | NUMBERS, st.lists, max_leaves=6), max_size=6)


class Attack:
    """Runs a command when it is loaded."""

    def __reduce__(self):
        return (print, ("loaded",))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.save({"w": torch.arange(6.0), "b": torch.ones(3, dtype=torch.bfloat16)}, tmp_path / "w.pth")
    return tmp_path / "w.pth"


def archive(file: Path, program: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(file, "w", compression) as made:
        made.writestr("w/data.pkl", program)
        made.writestr("w/data/0", bytes(64))
    return file


@settings(max_examples=60, deadline=None)
@given(CHECKPOINTS)
def test_every_checkpoint_of_tensors_passes(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, object]
) -> None:
    file = tmp_path_factory.mktemp("saved") / "w.pth"
    torch.save(content, file)
    assert archive_fault(file) is None


def test_a_module_s_state_passes(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 3).state_dict(), tmp_path / "w.pth")
    assert archive_fault(tmp_path / "w.pth") is None


def test_nothing_is_asked_for_that_safe_loading_refuses() -> None:
    assert {name.replace(" ", ".") for name in GLOBALS} <= set(_get_allowed_globals())


@pytest.mark.parametrize("content", [{"w": Attack()}, {"w": datetime.date(2020, 1, 1)}, {"f": torch.nn.Linear(1, 1)}])
def test_what_safe_loading_refuses_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "w.pth", weights_only=True)
    assert "may run code when it is loaded: it asks for " in str(archive_fault(tmp_path / "w.pth"))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_attack_is_refused_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    file = archive(tmp_path / "w.pth", pickle.dumps(Attack(), protocol))
    assert str(archive_fault(file)).startswith("may run code when it is loaded: it ")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_for_a_pickle_are_answered(tmp_path_factory: pytest.TempPathFactory, program: bytes) -> None:
    """Whatever passes, safe loading takes or refuses, but nothing is asked for that is not of the list."""
    file = archive(tmp_path_factory.mktemp("any") / "w.pth", b"\x80\x02" + program)
    assert archive_fault(file) is None or isinstance(archive_fault(file), str)


def test_a_changed_byte_of_the_pickle_is_found(file: Path) -> None:
    whole = file.read_bytes()
    at = whole.index(b"_rebuild_tensor_v2")
    file.write_bytes(whole[:at] + b"X" + whole[at + 1 :])
    assert archive_fault(file) == "is damaged, or no archive of torch.save"


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_damage_of_the_directory_never_passes_unanswered(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    buffer = io.BytesIO()
    torch.save({"w": torch.arange(6.0)}, buffer)
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(-400, -1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("damaged") / "w.pth"
    file.write_bytes(content)
    fault = archive_fault(file)
    assert fault is None or fault


def test_an_archive_of_the_old_form_is_none(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1)}, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    assert archive_fault(tmp_path / "w.pth") == "is no archive of torch.save"


def test_a_compressed_archive_is_refused(tmp_path: Path) -> None:
    """A bomb of a gigabyte in a megabyte is not opened."""
    file = archive(tmp_path / "w.pth", bytes(10_000_000), zipfile.ZIP_DEFLATED)
    assert "'w/data.pkl' is compressed" in str(archive_fault(file))


def test_a_pickle_larger_than_any_is_not_read(tmp_path: Path) -> None:
    file = archive(tmp_path / "w.pth", b"\x80\x02" + b"N0" * (LARGEST_PICKLE // 2))
    assert archive_fault(file) == "is no archive of torch.save: it has no data.pkl"


def test_a_pickle_of_the_largest_size_is_walked_in_time(tmp_path: Path) -> None:
    file = archive(tmp_path / "w.pth", b"\x80\x02" + b"N0" * (LARGEST_PICKLE // 2 - 2) + b"N.")
    start = time.perf_counter()
    assert archive_fault(file) is None
    assert time.perf_counter() - start < 15  # some two seconds where nothing else runs


@pytest.mark.parametrize("large", [False, True])
def test_a_directory_longer_than_any_is_not_read(tmp_path: Path, large: bool) -> None:
    """The file has a hole of a terabyte, all of which its end calls the directory."""
    size = 1 << 40
    listed = size - 200
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 0xFFFFFFFF if large else LARGEST_DIRECTORY + 1, 0, 0)
    if large:
        far = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, listed, 0)
        end = far + struct.pack("<4sLQL", b"PK\x06\x07", 0, size - 98, 1) + end
    with (tmp_path / "w.pth").open("wb") as stream:
        stream.write(b"PK\x03\x04")
        stream.seek(size - len(end))
        stream.write(end)
    assert archive_fault(tmp_path / "w.pth") == "is no archive of torch.save: its list of entries is too long"


def test_an_entry_that_goes_beyond_the_file_is_found(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    entry = whole.rindex(b"PK\x01\x02")
    whole[entry + 20 : entry + 28] = struct.pack("<2L", 1 << 30, 1 << 30)
    file.write_bytes(whole)
    assert "goes beyond its end" in str(archive_fault(file))
