"""``ex4d presets``: ready-made moves; which there are, what they do, and keeping them as they are."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ex4d.cli.arguments import Json
from ex4d.cli.columns import printable
from ex4d.cli.streams import print_json
from ex4d.errors import OutputError, ShotFileError, UserError

if TYPE_CHECKING:
    from ex4d.shotlist.library import Library
    from ex4d.shotlist.pinning import Pinning
    from ex4d.shotlist.preset_file import Preset

presets = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show, pin, compare and release ready-made moves.",
)

Beside = Annotated[
    Path, typer.Option(help="A shot list, or the folder it is in: its project's presets count too.", metavar="FILE|DIR")
]
Named = Annotated[str, typer.Argument(help="A preset; without a version the newest.", metavar="NAME[@V]")]
_NAME = re.compile(r"([^@]*)(?:@([1-9][0-9]{0,5}))?")


@presets.command("list")
def list_all(
    word: Annotated[str, typer.Argument(help="Only presets whose name or description has it.", metavar="[WORD]")] = "",
    *,
    beside: Beside = Path(),
    as_json: Json = False,
) -> None:
    """List all presets, a project's own first: newest version, what it does, parameters with their defaults.

    Example: ex4d presets list orbit
    """
    from ex4d.cli.preset_words import entry_as_json, list_in_words
    from ex4d.shotlist.catalogue import catalogue, library_beside
    from ex4d.shotlist.fields import near

    entries = catalogue(library_beside(_there(beside)))
    found = tuple(entry for entry in entries if entry.has(word))
    if as_json:
        print_json([entry_as_json(entry) for entry in found])
    elif found:
        _print_lines(list_in_words(found))
    else:
        hint = near(word, tuple(entry.name for entry in entries))
        sys.stdout.write(f"none of {len(entries)} presets has {word!r} in its name or description{hint}\n")


@presets.command()
def show(name: Named, *, beside: Beside = Path(), as_json: Json = False) -> None:
    """Show one preset: what it does, its parameters, its moves, how to use it, its file.

    Example: ex4d presets show orbit-right
    """
    from ex4d.cli.preset_words import preset_as_json, preset_in_words
    from ex4d.shotlist.catalogue import library_beside

    library = library_beside(_there(beside))
    preset = _preset(library, *_parted(name))
    if as_json:
        print_json(preset_as_json(preset, library))
    else:
        _print_lines(preset_in_words(preset, library))


@presets.command()
def pin(
    files: Annotated[
        list[Path], typer.Argument(help="Shot lists, or presets of your own that use others.", metavar="FILE...")
    ],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 2 where something is not pinned.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be pinned.")] = False,
    as_json: Json = False,
) -> None:
    """Write the newest versions into references to presets; nothing else in a file changes.

    Example: ex4d presets pin shots/scene.yaml
    """
    from ex4d.cli.preset_words import pinning_as_json, pinning_in_words
    from ex4d.shotlist.pinning import write_pins

    writing = not (check or dry_run)
    found = {str(file): _pinning(file) for file in files}
    for pinning in found.values():
        if writing and not isinstance(pinning, UserError) and pinning.pins:
            write_pins(pinning)
    faults = {file: pinning for file, pinning in found.items() if isinstance(pinning, UserError)}
    pinned = {file: pinning for file, pinning in found.items() if not isinstance(pinning, UserError)}
    if as_json:
        data = {file: pinning_as_json(pinning, written=writing) for file, pinning in pinned.items()}
        print_json(data | {file: {"written": False, "fault": str(fault)} for file, fault in faults.items()})
    else:
        _print_lines(line for each in pinned.values() for line in pinning_in_words(each, written=writing))
        sys.stderr.write("".join(f"{printable(str(fault))}\n" for fault in faults.values()))
    if faults or (check and any(pinning.pins for pinning in pinned.values())):
        raise typer.Exit(2)


@presets.command()
def diff(
    name: Annotated[str, typer.Argument(help="A preset.", metavar="NAME[@V]")],
    versions: Annotated[
        list[str] | None,
        typer.Argument(help="Two of its versions, or another preset; without, the two newest.", metavar="[V1 V2]"),
    ] = None,
    *,
    beside: Beside = Path(),
    as_json: Json = False,
) -> None:
    """Compare two versions of a preset: their parameters, their words, and how far their cameras are apart.

    Example: ex4d presets diff orbit-right 1 2
    """
    from ex4d.cli.preset_words import changes_as_json, changes_in_words
    from ex4d.preflight.preset_changes import changes_between
    from ex4d.shotlist.catalogue import library_beside

    library = library_beside(_there(beside))
    before, after = (_preset(library, *each) for each in _two(library, name, versions or []))
    changes = changes_between(before, after, library)
    if as_json:
        print_json(changes_as_json(changes))
    else:
        _print_lines(changes_in_words(changes))


@presets.command()
def release(
    name: Named,
    *,
    project: Annotated[
        Path, typer.Option(help="The folder that has trajectories; nothing outside it is written.", metavar="DIR")
    ] = Path(),
) -> None:
    """Release a version of a project's preset: from then on it never changes, and a change to its file is an error.

    Example: ex4d presets release my-move --project .
    """
    from ex4d.preflight.releasing import release as make

    made = make(*_parted(name), project)
    identity = made.preset.identity
    if made.before:
        sys.stdout.write(f"{identity} was released before, and has not changed; nothing was written\n")
    else:
        sys.stdout.write(f"{identity} is released: {made.lock} has its SHA-256\n")
    sys.stdout.write(f"a change to it goes into {made.following}\n")


def _parted(written: str) -> tuple[str, int | None]:
    found = _NAME.fullmatch(written)
    if not found or not found[1]:
        raise UserError(
            f"{written!r} is no preset; write its name, as in orbit-right, or a version, as in orbit-right@1"
        )
    return found[1], int(found[2]) if found[2] else None


def _two(library: Library, name: str, versions: list[str]) -> list[tuple[str, int | None]]:
    """Read what is to be compared: ``NAME 1 2``, ``NAME@1 OTHER``, or ``NAME`` for its two newest."""
    base, version = _parted(name)
    if len(versions) == 1 and not versions[0].isdecimal():
        return [(base, version), _parted(versions[0])]
    if len(versions) == 1 and version is not None:
        return [(base, version), (base, int(versions[0]))]
    if len(versions) == 2 and version is None and all(each.isdecimal() for each in versions):
        return [(base, int(each)) for each in versions]
    if versions or version is not None:
        raise UserError(
            "name a preset and two of its versions, as in orbit-right 1 2, or two presets, as in push-in creep-in"
        )
    newest = [*_preset_versions(library, base)][-2:]
    if len(newest) < 2:
        raise UserError(f"preset {base!r} has one version only; there is nothing to compare it with")
    return [(base, each) for each in newest]


def _preset_versions(library: Library, name: str) -> list[int]:
    _preset(library, name, None)
    return list(library.versions(name))


def _preset(library: Library, name: str, version: int | None) -> Preset:
    try:
        return library.preset(name, version)
    except ValueError as error:
        raise UserError(str(error)) from error


def _pinning(file: Path) -> Pinning | UserError:
    from ex4d.shotlist.pinning import pinning_of

    try:
        return pinning_of(file)
    except (ShotFileError, OutputError) as error:
        return error


def _there(place: Path) -> Path:
    if not place.exists():
        raise UserError(f"--beside {place}: it is not there; name a shot list or its folder")
    return place


def _print_lines(lines: Iterable[str]) -> None:
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
