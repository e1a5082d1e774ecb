"""Whose eyes a reconstruction is seen through: cameras in units of depth, lenses, and the frame that each sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.mesh_profile import NEAREST
from ex4d.errors import Fault, MediaError, ReconstructionError, ShotFileError, UserError
from ex4d.footage import Footage, open_footage
from ex4d.media.fitting import Fit
from ex4d.recon.inputs import Inputs, frames_of
from ex4d.recon.job import Recon
from ex4d.render.rasterizer import NEAR
from ex4d.shotlist.model import LensSpec, Shot, SubjectDepth
from ex4d.source_media import Media
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.exchange.ex4d_npz import CameraFile
from ex4d.trajectory.placing import placing

BEHIND_NEAREST = 0.15
"""Units of the released code's depth: its cameras turn about a point so far behind the nearest one."""
FOCAL_PX = 500.0
"""The released code's lens, whatever the size of its frames."""
AS_STANDS = 1
"""Pixels a side by which a camera file's size may differ from the source's, and its lens be the source's own."""


@dataclass(frozen=True)
class Staged:
    """Footage, and the cameras that look at it."""

    footage: Footage
    path: CameraPath
    radius: float | None = None
    """Units of depth from the source camera to the point that EX-4D's cameras turn about; None for other cameras."""
    said: tuple[str, ...] = ()
    """Choices that were made for the user before the footage was opened."""

    @property
    def told(self) -> tuple[str, ...]:
        """Choices that were made for the user, and the lens where media say it."""
        return (*self.said, *self.footage.source_lens.told)

    @property
    def cameras(self) -> CameraFile:
        """The cameras as EX-4D would store them, in units of depth.

        Raises:
            UserError: the lens is not the source's own all through, and the file has one for all frames.
        """
        if np.abs(self.path.lens_factor - 1.0).max() > 1e-6:
            frame = int(np.argmax(np.abs(self.path.lens_factor - 1.0) > 1e-6))
            raise UserError(
                f"the lens changes at frame {frame}, but EX-4D's camera file has one lens for all frames; "
                "leave out --save-camera"
            )
        lens = self.path.scene.lens
        return CameraFile(self.path.translated_in_depth_units(self.footage.subject_distance), lens)


def stage(job: Recon, inputs: Inputs, media: Media) -> Staged:
    """Set up the cameras before the footage.

    Raises:
        UserError: they cannot stand there, or the lens does not fit.
    """
    if job.shot is not None:
        return _of_shot(job, inputs, media)
    fit = Fit.plan(media.clip.size, inputs.output.size, fit=inputs.output.fit)
    shot, said = _with_lens(job, inputs, fit)
    radius = _radius(job, media, fit)
    subject = {"subject": SubjectDepth(depth=radius)}
    shot = shot.model_copy(update={"source": shot.source.model_copy(update=subject)})
    footage = _on_axis(open_footage(shot, inputs.output, media))
    if inputs.cameras is None:
        return Staged(footage, compile_shot(shot, footage.scene), radius, said)
    return Staged(footage, _as_it_stands(inputs.cameras, footage, shot), None, said)


def _of_shot(job: Recon, inputs: Inputs, media: Media) -> Staged:
    faults: list[Fault] = []
    shot = inputs.shot
    said: tuple[str, ...] = ()
    if job.video is not None:
        fit = Fit.plan(media.clip.size, inputs.output.size, fit=inputs.output.fit)
        shot, said = _with_lens(job, inputs, fit)
    with placing(shot, faults):
        footage = open_footage(shot, inputs.output, media)
        path = compile_shot(shot, footage.scene)
    if faults:
        raise ShotFileError(tuple(faults))
    path = _first(path, frames_of(job.frame_count, len(path), job.shot or ""))
    if job.mesh_frames and any(path.cross_fades):
        said = (*said, "frames are cross-faded, meshes are not: each is of the source frame on screen")
    return Staged(footage, path, None, said)


def _first(path: CameraPath, count: int) -> CameraPath:
    return replace(
        path,
        world_from_camera=path.world_from_camera[:count],
        lens_factor=path.lens_factor[:count],
        source_time=path.source_time[:count],
        cross_fades=path.cross_fades[:count],
    )


def _on_axis(footage: Footage) -> Footage:
    """Put the subject on the optical axis, which the middle of a cut frame may miss by half a pixel."""
    return replace(footage, scene=replace(footage.scene, pivot=(0.0, 0.0, 1.0)))


def _as_it_stands(cameras: CameraFile, footage: Footage, shot: Shot) -> CameraPath:
    """Lay a camera file's poses over the frames; a path has its lengths in subject distances."""
    assert shot.clip is not None and shot.clip.end is not None
    count, rate = int(shot.clip.end.value), footage.scene.frame_rate
    poses = cameras.world_from_camera[:count].copy()
    poses[:, :3, 3] /= footage.subject_distance
    times = tuple(Fraction(index) / rate for index in range(count))
    return CameraPath(poses, np.ones(count), times, rate, footage.scene)


def _radius(job: Recon, media: Media, fit: Fit) -> float:
    """Return how far away the point lies that EX-4D's cameras turn about: behind the nearest point of frame 0.

    The released code adds 0.15 to the nearest depth, its border included, in a depth that has its nearest point at
    ``NEAREST``; in any other unit that is a share.
    """
    depth, known = fit.depth(*next(iter(media.depth.frames([0]))))
    if job.profile_name == "reference":
        inner = depth[1:-1, 1:-1][known[1:-1, 1:-1]]
        return float(inner.min(initial=job.profile.border_depth or np.inf)) + BEHIND_NEAREST
    if not known.any():
        raise ReconstructionError("in frame 0, as it is cut to its size, no depth is known; choose another --size")
    nearest = float(depth[known].min())
    if nearest < NEAR:
        raise ReconstructionError(
            f"the nearest point of frame 0 is at a depth of {nearest:g}, and nothing nearer than {NEAR:g} is drawn; "
            "give depth in a smaller unit, or say what stands for unknown by --depth-unknown"
        )
    return nearest * (1.0 + BEHIND_NEAREST / NEAREST)


def _with_lens(job: Recon, inputs: Inputs, fit: Fit) -> tuple[Shot, tuple[str, ...]]:
    """Return the shot with the lens that its video is taken to have: stated, the camera file's, or the profile's.

    Where none of them states one it is for the footage to find.
    """
    source = inputs.source
    if source.lens is not None:
        return inputs.shot, ()
    update: dict[str, object] = {}
    said: tuple[str, ...] = ()
    if inputs.cameras is not None:
        update, said = _lens_of_file(job, inputs.cameras, fit)
    elif job.profile_name == "reference":
        update = {"lens": LensSpec(kind="px", value=FOCAL_PX / float(fit.scale[0]))}
        said = (f"lens {FOCAL_PX:g} px of what is written, as the reference profile has it",)
    return inputs.shot.model_copy(update={"source": source.model_copy(update=update)}), said


def _lens_of_file(job: Recon, cameras: CameraFile, fit: Fit) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return a camera file's lens as the source's: as it stands, or scaled from the size that it was made for."""
    lens, (width, height) = cameras.lens, fit.source
    if abs(lens.width - width) <= AS_STANDS and abs(lens.height - height) <= AS_STANDS:
        return {"lens": LensSpec(kind="px", value=lens.focal_px), "center": lens.center_px}, ()
    scale = fit.view[0] / lens.width
    made_for, rendered = f"{lens.width}x{lens.height}", f"{fit.view[0]}x{fit.view[1]}"
    if abs(lens.height * scale - fit.view[1]) > AS_STANDS:
        raise MediaError(
            f"{job.path} was made for {made_for}, twice its principal point, but what is rendered is {rendered}, of "
            f"another aspect; write --size {made_for}, or --lens, which then takes only the poses of the file"
        )
    said = f"{job.path} was made for {made_for}; its lens is scaled to {rendered}"
    spec = LensSpec(kind="px", value=lens.focal_px * scale / float(fit.scale[0]))
    return {"lens": spec}, () if scale == 1 else (said,)
