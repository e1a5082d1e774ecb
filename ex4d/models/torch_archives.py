"""Whether a file that torch.save wrote is whole and holds tensors alone, without torch and without running it.

Such a file is an uncompressed zip archive of the tensors' bytes and a pickle, ``data.pkl``, that puts them together.
A pickle is a program: what it may ask for here is less than what ``torch.load(weights_only=True)`` lets it, so that a
file which passes is one that safe loading takes. The archive's bounds are checked before anything of it is read.
"""

from __future__ import annotations

import pickletools
import struct
import zipfile
from pathlib import Path

LARGEST_DIRECTORY = 8 << 20
"""Bytes of the archive's list of entries; a tensor takes about a hundred and fifty."""
LARGEST_PICKLE = 2 << 20
"""Bytes; a tensor takes about a hundred."""
END = struct.Struct("<4s4H2LH")
"""The end record of a zip archive: signature, disks, entries, size and place of the directory, length of a comment."""
END_64 = struct.Struct("<4sQ2H2L4Q")
"""The same of one with large files; it and its locator, of 20 bytes, come before."""
LOCATOR_SIZE = 20
LOCAL_HEADER_SIZE = 30
"""Bytes before the name and the content of an entry, at least."""
STORAGES = ("BFloat16", "Half", "Float", "Double", "Byte", "Char", "Short", "Int", "Long", "Bool")
GLOBALS = frozenset(
    {
        "collections OrderedDict",
        "torch._utils _rebuild_tensor",
        "torch._utils _rebuild_tensor_v2",
        "torch._utils _rebuild_parameter",
        "torch Size",
        *(f"torch {storage}Storage" for storage in STORAGES),
        "torch.storage UntypedStorage",
    }
)
"""All that a checkpoint of plain tensors asks for."""
OPERATIONS = frozenset(
    {
        *("PROTO", "STOP", "MARK", "POP", "GLOBAL", "REDUCE", "BUILD", "BINPERSID"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"),
        *("NONE", "NEWFALSE", "NEWTRUE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE"),
        *("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_TUPLE"),
        *("EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS"),
    }
)
"""All that torch's safe loading does; it refuses the rest, too."""


def archive_fault(file: Path) -> str | None:
    """Say what is wrong with a file of torch.save; None where it is whole and holds tensors alone."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            return "is no archive of torch.save"
        stream.seek(max(0, size - END.size - LOCATOR_SIZE - END_64.size))
        listed = _directory_size(stream.read())
    if listed is None:
        return "is cut short, or no archive of torch.save"
    if listed > min(size, LARGEST_DIRECTORY):
        return "is no archive of torch.save: its list of entries is too long"
    try:
        with zipfile.ZipFile(file) as archive:
            return _entries_fault(archive) or _pickle_fault(archive)
    except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError, struct.error, OverflowError):
        return "is damaged, or no archive of torch.save"


def names_in(file: Path) -> frozenset[str]:
    """Return the names of the tensors of an archive without fault, among other words of its pickle."""
    with zipfile.ZipFile(file) as archive:
        program = archive.read(_pickles(archive)[0])
    return frozenset(str(word) for operation, word, _ in pickletools.genops(program) if operation.name == "BINUNICODE")


def _directory_size(tail: bytes) -> int | None:
    """Return the size of the directory that the end of the file tells of; torch writes no comment behind it."""
    end = tail[-END.size :]
    if len(end) < END.size or not end.startswith(b"PK\x05\x06"):
        return None
    located, before = tail[-END.size - LOCATOR_SIZE :], tail[: -END.size - LOCATOR_SIZE]
    if not located.startswith(b"PK\x06\x07"):
        return int(END.unpack(end)[5])
    if len(before) < END_64.size or not before.startswith(b"PK\x06\x06"):
        return None
    return int(END_64.unpack(before)[8])


def _entries_fault(archive: zipfile.ZipFile) -> str | None:
    """All bytes are told to lie between the beginning of the file and its directory, as they are."""
    for entry in archive.infolist():
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            return f"is no archive of torch.save: {entry.filename!r} is compressed"
        end = entry.header_offset + LOCAL_HEADER_SIZE + entry.file_size
        if entry.header_offset < 0 or end > archive.start_dir:
            return f"is cut short: {entry.filename!r} goes beyond its end"
    return None


def _pickle_fault(archive: zipfile.ZipFile) -> str | None:
    pickles = _pickles(archive)
    if len(pickles) != 1 or pickles[0].file_size > LARGEST_PICKLE:
        return "is no archive of torch.save: it has no data.pkl"
    for operation, argument, _ in pickletools.genops(archive.read(pickles[0])):
        if operation.name not in OPERATIONS:
            return f"may run code when it is loaded: it uses {operation.name}"
        if operation.name == "GLOBAL" and argument not in GLOBALS:
            return f"may run code when it is loaded: it asks for {str(argument).replace(' ', '.')!r}"
    return None


def _pickles(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [entry for entry in archive.infolist() if entry.filename.split("/")[1:] == ["data.pkl"]]
