"""The rasterizers by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Literal

from ex4d.errors import MissingPart
from ex4d.progress import Progress
from ex4d.render.rasterizer import Rasterizer

RasterizerName = Literal["cpu", "nvdiffrast"]

PARTS: Mapping[RasterizerName, tuple[str, ...]] = MappingProxyType(
    {"cpu": (), "nvdiffrast": ("torch", "triton", "nvdiffrast")}
)
"""The packages that each needs beside ex4d's own."""

LICENCE = "nvdiffrast is NVIDIA's, licensed for non-commercial use only; the cpu rasterizer is free of that"
INSTALL = """\
nvdiffrast is on no package index. With the CUDA toolkit (nvcc) of torch's version, and setuptools, ninja and wheel:
    pip install git+https://github.com/NVlabs/nvdiffrast --no-build-isolation
Its licence is for non-commercial use only. The cpu rasterizer draws the same frames and needs none of this."""


def open_rasterizer(name: RasterizerName, progress: Progress) -> Rasterizer:
    """Return a rasterizer; ``cpu`` is the default everywhere, ``nvdiffrast`` needs a card and is told its licence.

    Raises:
        MissingPart: what ``nvdiffrast`` needs is not here.
    """
    if name == "cpu":
        from ex4d.render.cpu_rasterizer import CpuRasterizer

        return CpuRasterizer()
    lacking = [part for part in PARTS[name] if find_spec(part) is None]
    if lacking:
        raise MissingPart(f"the rasterizer nvdiffrast needs {', '.join(lacking)}: not installed\n{INSTALL}")
    return _on_a_card(progress)


def _on_a_card(progress: Progress) -> Rasterizer:
    try:
        from ex4d.render.nvdiffrast_rasterizer import NvdiffrastRasterizer

        rasterizer = NvdiffrastRasterizer()
    except (ImportError, OSError, RuntimeError, AssertionError) as cause:  # torch asserts that it was built with CUDA
        raise MissingPart(f"the rasterizer nvdiffrast cannot start: {cause}\n{INSTALL}") from cause
    progress.say(LICENCE)
    return rasterizer
