"""Writing what ``ex4d recon`` makes: all of it is whole, or none of it is there."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ex4d.artifacts.guide_video import GuideFrame
from ex4d.artifacts.surface import Surface
from ex4d.artifacts.surface_files import save_surface
from ex4d.errors import OutputError
from ex4d.footage import Footage
from ex4d.manifest import package_versions
from ex4d.media.atomic import lent_folder, replacing
from ex4d.media.writing import H264Writer, LosslessWriter, MaskWriter
from ex4d.recon.cameras import Staged
from ex4d.recon.inputs import Inputs
from ex4d.recon.job import Recon
from ex4d.render.coverage import Coverage, summary_of
from ex4d.shotlist.model import DepthFile
from ex4d.trajectory.exchange.ex4d_npz import write_camera_file
from ex4d.workspace import content_hash


class Outputs:
    """The files of one reconstruction while they are written; each takes its name when all are whole."""

    def __init__(self, job: Recon, files: ExitStack, size: tuple[int, int], rate: Fraction) -> None:
        self._job = job
        self._manifest = files.enter_context(replacing(job.manifest))  # what is entered first takes its name last
        self._folder = files.enter_context(lent_folder(job.manifest))
        self.written: list[Path] = []
        """The files, but for the manifest."""
        files.push(self._settle)
        color = self._unfinished(job.color)
        writer: LosslessWriter | H264Writer
        writer = LosslessWriter(color, size, rate) if job.lossless else H264Writer(color, size, rate)
        self._colour = writer
        files.enter_context(writer)
        self._mask = files.enter_context(MaskWriter(self._unfinished(job.mask), size, rate))

    @classmethod
    @contextmanager
    def opened(cls, job: Recon, size: tuple[int, int], rate: Fraction) -> Iterator[Outputs]:
        """Open the files that there are always; with an error inside the block, none of them stays.

        Raises:
            OutputError: the folder cannot be written.
        """
        with ExitStack() as files:
            yield cls(job, files, size, rate)

    def frame(self, frame: GuideFrame) -> None:
        """Append what a camera sees, and its mask."""
        self._colour.write(frame.colour)
        self._mask.write(frame.visible)

    def cameras(self, staged: Staged) -> None:
        """Write the cameras as EX-4D stores them."""
        write_camera_file(staged.cameras, self._unfinished(self._job.camera))

    def mesh(self, index: int, surface: Surface) -> None:
        """Write the mesh of a frame."""
        save_surface(surface, self._unfinished(self._job.mesh(index)))

    def manifest(self, manifest: Mapping[str, Any]) -> None:
        """Write what all was made of."""
        text = json.dumps(manifest, indent=2, sort_keys=True, default=str) + "\n"
        self._manifest.write_text(text, encoding="utf-8")

    def _unfinished(self, file: Path) -> Path:
        """Return where a file lies until all are whole."""
        self.written.append(file)
        return self._folder / file.name

    def _settle(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Give all files their names, if all are whole; else give the error the name that its file was to have."""
        if kind is None:
            for file in self.written:
                (self._folder / file.name).replace(file)
        elif isinstance(error, OutputError):
            raise OutputError(str(error).replace(str(self._folder), str(self._job.out))) from error


def manifest_of(
    job: Recon, inputs: Inputs, staged: Staged, coverage: Sequence[Coverage], written: Sequence[Path]
) -> dict[str, Any]:
    """Return what was made of what, and every choice that was made for the user."""
    footage, path = staged.footage, staged.path
    return {
        "cameras": _cameras(job, staged),
        "video": {
            "file": str(footage.clip.path),
            "sha256": content_hash(footage.clip.path),
            "frames": footage.clip.frame_count,
        },
        "depth": _depth(inputs, footage),
        "lens": {"focal_px": path.scene.lens.focal_px, "center_px": path.scene.lens.center_px},
        "subject_distance": footage.subject_distance,
        "frames": len(path),
        "frame_rate": str(path.frame_rate),
        "size": (path.scene.lens.width, path.scene.lens.height),
        "fit": {"rule": inputs.output.fit, "source": footage.fit.source, "grid": footage.fit.grid},
        "profile": {"name": job.profile_name, **asdict(job.profile)},
        "border_depth": job.profile.border_depth or footage.border_depth,
        "rasterizer": job.rasterizer,
        "uncovered": {
            **summary_of(dict(enumerate(coverage))),
            "frames": [frame.uncovered for frame in coverage],
        },
        "assumed": path.scene.assumed,
        "said": (*inputs.said, *staged.told),
        "files": [file.name for file in written],
        "ex4d": version("ex4d"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": package_versions(job.rasterizer),
    }


def _cameras(job: Recon, staged: Staged) -> dict[str, Any]:
    """Say where the cameras come from."""
    if job.path is not None:
        return {"path": str(job.path), "sha256": content_hash(job.path)}
    if job.shot is not None:
        return {"shot": job.shot, "sha256": content_hash(Path(job.shot.rpartition("#")[0]))}
    return {"cam": job.cam, "radius": staged.radius}


def _depth(inputs: Inputs, footage: Footage) -> dict[str, Any]:
    if footage.estimated is not None:
        return footage.estimated.manifest()
    depth = inputs.source.depth
    assert isinstance(depth, DepthFile)
    return {
        "file": str(depth.file),
        "sha256": content_hash(depth.file),
        "unit": depth.unit,
        "unknown": depth.unknown,
        "metric": footage.depth.metric,
    }
