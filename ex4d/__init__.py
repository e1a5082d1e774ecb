"""Write cameras in YAML, get an edited film seen from where no camera was.

film = ex4d.load("shots/scene.yaml")          what the user wrote, validated
path = ex4d.compile(film.shots[1], scene)     a shot and a Scene become cameras
ex4d.open_footage(film.shots[1], film.output) video and depth, fitted; its Scene is measured
ex4d.build_mesh(colour, depth, lens)          a frame becomes a depth-watertight mesh
ex4d.CpuRasterizer().render(mesh, pose, lens) the mesh seen by a camera becomes a guide frame
ex4d.shoot(film, folder=Path("out"))          all of it, completed and cut together
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ex4d.artifacts.camera_path import CameraPath as CameraPath
    from ex4d.artifacts.scene import Scene as Scene
    from ex4d.errors import Ex4dError as Ex4dError
    from ex4d.footage import open_footage as open_footage
    from ex4d.production import shoot as shoot
    from ex4d.reconstruction.watertight_mesh import build_mesh as build_mesh
    from ex4d.render.cpu_rasterizer import CpuRasterizer as CpuRasterizer
    from ex4d.shotlist.load import load as load
    from ex4d.trajectory.compiler import compile_shot as compile

__version__ = "0.1.0"

_PLACES = {
    "CameraPath": "ex4d.artifacts.camera_path",
    "CpuRasterizer": "ex4d.render.cpu_rasterizer",
    "Ex4dError": "ex4d.errors",
    "Scene": "ex4d.artifacts.scene",
    "build_mesh": "ex4d.reconstruction.watertight_mesh",
    "compile": "ex4d.trajectory.compiler",
    "load": "ex4d.shotlist.load",
    "open_footage": "ex4d.footage",
    "shoot": "ex4d.production",
}

__all__ = [
    "CameraPath", "CpuRasterizer", "Ex4dError", "Scene", "build_mesh", "compile", "load", "open_footage", "shoot",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import ex4d`` costs nothing."""
    if name not in _PLACES:
        raise AttributeError(f"module 'ex4d' has no attribute {name!r}")
    from importlib import import_module

    from ex4d.kernels import keep_compiled

    keep_compiled()
    module = import_module(_PLACES[name])
    return getattr(module, "compile_shot" if name == "compile" else name)
