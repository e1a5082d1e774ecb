"""Compiling needs nothing heavy."""

import subprocess
import sys

HEAVY = ("numba", "av", "matplotlib", "imageio", "scipy", "torch")
PROGRAM = f"""
import sys
from ex4d.geometry import easing, se3, splines
from ex4d.trajectory import compiler, warnings
print(*sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def test_the_compiler_imports_no_heavy_library():
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert found.stdout.split() == []
