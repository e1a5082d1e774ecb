"""``import ex4d`` gives about ten names, each of which is there, and costs nothing."""

import subprocess
import sys

import pytest

import ex4d


def test_public_names_are_listed_in_order_and_few() -> None:
    assert ex4d.__all__ == sorted(ex4d.__all__)
    assert len(ex4d.__all__) <= 12


@pytest.mark.parametrize("name", ex4d.__all__)
def test_every_public_name_is_there_with_a_docstring(name: str) -> None:
    assert getattr(ex4d, name).__doc__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'shot'"):
        _ = ex4d.shot


def test_importing_ex4d_imports_nothing_else() -> None:
    code = "import sys, ex4d; print([name for name in ('numpy', 'pydantic', 'av', 'numba') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
