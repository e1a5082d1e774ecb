"""What a depth model's kept results depend on."""

from __future__ import annotations

import ast
from importlib.metadata import version
from pathlib import Path

import pytest

import ex4d
from ex4d.depth_adapters import ADAPTERS, SHARED_CODE

ROOT = Path(ex4d.__file__).parent
DECIDES_NOTHING = {
    *("reconstruction/depth_estimator.py", "reconstruction/torch_device.py", "reconstruction/depth_claims.py")
}
"""The interface, where a model works, and what only files of the user's may state."""


def imported(file: Path) -> set[Path]:
    """Return the files of ex4d that one imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    stems = {ROOT.joinpath(*name.split(".")[1:]) for name in names if name.startswith("ex4d.")}
    places = (place for stem in stems for place in (stem.with_suffix(".py"), stem / "__init__.py"))
    return {place for place in places if place.is_file()}


def files(parts: tuple[str, ...]) -> set[Path]:
    return {file for part in parts for file in ([ROOT / part] if part.endswith(".py") else (ROOT / part).glob("*.py"))}


@pytest.mark.parametrize("name", ADAPTERS)
def test_all_code_that_makes_depth_is_in_the_key_of_what_is_kept(name: str) -> None:
    counted = files((*SHARED_CODE, *ADAPTERS[name].code))
    assert all(file.is_file() for file in counted)
    reached, coming = set(), files(ADAPTERS[name].code)
    while coming:
        reached |= coming
        coming = {other for file in coming for other in imported(file)} - reached
    making = {file for file in reached if file.is_relative_to(ROOT / "reconstruction")}
    assert {file.relative_to(ROOT).as_posix() for file in making - counted} <= DECIDES_NOTHING


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_versions_of_all_packages_can_be_told(name: str) -> None:
    assert all(version(package) for package in ADAPTERS[name].packages)
