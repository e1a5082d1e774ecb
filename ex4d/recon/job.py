"""What ``ex4d recon`` is asked for, and the files that it makes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from ex4d.artifacts.mesh_profile import PROFILES, MeshProfile, ProfileName
from ex4d.media.fitting import FitRule
from ex4d.reconstruction.depth_estimator import Device
from ex4d.render.choice import RasterizerName
from ex4d.shotlist.model import DepthFile, DepthModel, LensSpec

CAMERAS: Mapping[str, str] = MappingProxyType(
    {
        **{angle: f"use: ex4d-{angle}@1" for angle in ("180", "30", "60", "90")},
        "zoom_in": "{dolly: {in: 50%}, ease: linear}",
        "zoom_out": "{dolly: {out: 50%}, ease: linear}",
    }
)
"""EX-4D's cameras as items of a shot's camera, by its names for them. Its ``zoom_in`` and ``zoom_out`` are named in its
README only, and its camera file has one lens for all frames: they move on the optical axis, to half the radius, and to
half as much again."""
MeshFormat = Literal["ply", "glb"]
_UNFIT = re.compile(r"[^A-Za-z0-9_+-]")
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Recon:
    """What is to be rendered, from where, and how. Of ``cam``, ``path`` and ``shot`` one is given."""

    out: Path
    """The folder that everything goes to."""
    cam: str | None = None
    """One of ``CAMERAS``."""
    path: Path | None = None
    """An EX-4D camera file, in units of depth."""
    shot: str | None = None
    """``FILE#NAME``: the cameras of a shot in a shot list; without a video its own video, depth and lens too."""
    video: Path | None = None
    frame_rate: Fraction | None = None
    """Frames a second; of images, or instead of the video's own."""
    depth: DepthFile | DepthModel | None = None
    """None has the usual model estimate it."""
    models: Path | None = None
    """The folder of all weights; None is the usual one."""
    device: Device | None = None
    """What a depth model works on; None takes the GPU where there is one."""
    lens: LensSpec | Literal["auto"] | None = None
    """None is the camera file's or the shot's, else the profile's, else what the depth or the video says."""
    size: tuple[int, int] | None = None
    """Width and height, pixels, even; None is the source's, rounded down to even."""
    fit: FitRule = "crop"
    frame_count: int | None = None
    """Only so many frames, from the first; None is all."""
    profile_name: ProfileName = "clean"
    """``reference``: all that the released code does, of which the profile is the mesh's part."""
    profile: MeshProfile = PROFILES["clean"]
    rasterizer: RasterizerName = "cpu"
    lossless: bool = False
    """Whether colour is stored exactly, as FFV1 in an MKV, instead of H.264 in an MP4."""
    save_camera: bool = False
    mesh_frames: Sequence[int] | Literal["all"] = ()
    """Whose meshes are saved."""
    mesh_format: MeshFormat = "ply"

    @property
    def name(self) -> str:
        """What the files are named after: the camera's name, or the stem of its file."""
        written = self.cam or (self.path.stem if self.path else (self.shot or "").rpartition("#")[2])
        return _UNFIT.sub("_", written)[:_LONGEST_NAME] or "path"

    @property
    def color(self) -> Path:
        """The video of what the cameras see."""
        return self.out / f"color_{self.name}.{'mkv' if self.lossless else 'mp4'}"

    @property
    def mask(self) -> Path:
        """White where they see what was filmed."""
        return self.out / f"mask_{self.name}.mp4"

    @property
    def camera(self) -> Path:
        """The cameras as EX-4D stores them."""
        return self.out / f"camera_{self.name}.npz"

    @property
    def manifest(self) -> Path:
        """What all was made of."""
        return self.out / f"recon_{self.name}.ex4d.json"

    def mesh(self, index: int) -> Path:
        """The mesh of a frame; the first frame's has EX-4D's name."""
        number = "" if index == 0 else f"_{index:05}"
        return self.out / f"DW-Mesh{number}.{self.mesh_format}"

    def targets(self) -> tuple[Path, ...]:
        """Every file that may be written, but for the meshes of later frames."""
        return (self.color, self.mask, self.camera, self.manifest, self.mesh(0))
