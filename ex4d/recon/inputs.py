"""What ``ex4d recon`` is given: heads read, and found to belong together before anything is made."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ex4d.errors import Faults, MediaError, UserError
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.local_files import is_collection
from ex4d.media.probe import MediaInfo, probe
from ex4d.progress import counted
from ex4d.recon.job import CAMERAS, Recon
from ex4d.shotlist.load import load, parse
from ex4d.shotlist.model import Clip, DepthFile, DepthModel, Output, Position, Shot, Source, SubjectDepth
from ex4d.shotlist.shipped import shipped
from ex4d.shotlist.source import SubjectPlace
from ex4d.trajectory.exchange.ex4d_npz import CameraFile, read_camera_file
from ex4d.workspace import require_apart, require_folder

_OF_A_CAMERA = "ex4d: 1\nsource: {{video: clip.mp4}}\nshots:\n  - name: recon\n    camera:\n      - {item}\n"


@dataclass(frozen=True)
class Inputs:
    """What is rendered, as a shot; and the cameras, where a file holds them."""

    shot: Shot
    """Its source is what was given; its lens and subject may yet be to be measured."""
    output: Output
    cameras: CameraFile | None = None
    frame_count: int | None = None
    """How many of the video's first frames are rendered; None where a shot of a shot list says which."""
    said: tuple[str, ...] = ()
    """Choices that were made for the user."""

    @property
    def source(self) -> Source:
        """The video, its depth and its lens."""
        return self.shot.source


def read_inputs(job: Recon) -> Inputs:
    """Read the heads of what is given.

    Raises:
        UserError: all that is wrong.
        MissingPart: part of ex4d's own.
    """
    faults = Faults()
    faults.of(lambda: _require_one_camera(job))
    faults.of(lambda: _require_footage(job))
    cameras = faults.of(lambda: None if job.path is None else read_camera_file(job.path))
    written = faults.of(lambda: _written_shot(job))
    clip = faults.of(lambda: None if job.video is None else _probed(job.video, job.frame_rate))
    faults.of(lambda: require_folder(job.out, f"--out {job.out}"))
    faults.of(lambda: _require_apart(job, written[0] if written and not job.video else None))
    if faults.found and (file := _depth_file(job)):
        faults.of(lambda: open_raw_depth(file))
    count = None if clip is None else faults.of(lambda: _frame_count(job, clip, cameras))
    faults.tell()
    assert written is not None
    if clip is None or count is None:
        return _as_shot(job, *written)
    return _of_video(job, written[0], clip, count, cameras)


def _require_one_camera(job: Recon) -> None:
    given = [name for name, value in (("--cam", job.cam), ("--path", job.path), ("--shot", job.shot)) if value]
    if len(given) != 1:
        found = f"{' and '.join(given)} are given" if given else "none is given"
        raise UserError(f"write one of --cam, --path and --shot, which say where the cameras are; {found}")
    if job.cam and job.cam not in CAMERAS:
        raise UserError(f"--cam {job.cam}: unknown; write one of {', '.join(CAMERAS)}")


def _require_footage(job: Recon) -> None:
    if job.video is not None:
        return
    if job.shot is None:
        raise UserError("--video is not given; only --shot can do without, as a shot has a video of its own")
    given = {"--depth" if _depth_file(job) else "--model": job.depth, "--fps": job.frame_rate}
    others = [name for name, value in given.items() if value is not None]
    if others:
        verb = "belong" if len(others) > 1 else "belongs"
        raise UserError(f"{' and '.join(others)} {verb} to --video; without one, the shot's own is taken")


def _written_shot(job: Recon) -> tuple[Shot, Output]:
    """Return the shot whose cameras are asked for, of EX-4D's own cameras or of a shot list."""
    if job.shot is None:
        item = CAMERAS.get(job.cam or "", "hold")
        film = parse(_OF_A_CAMERA.format(item=item), shipped("shots") / "recon.yaml")
        return film.shots[0], film.output
    file, _, name = job.shot.rpartition("#")
    if not file or not name:
        raise UserError(f"--shot {job.shot}: write FILE#NAME, as in shots/scene.yaml#swing")
    film = load(Path(file), must_exist=job.video is None)
    found = [shot for shot in film.shots if shot.name == name]
    if not found:
        raise UserError(f"--shot: {file} has no shot named {name!r}; its shots are {_names(film.shots)}")
    return found[0], film.output


def _names(shots: tuple[Shot, ...]) -> str:
    return ", ".join(shot.name for shot in shots)


def _probed(video: Path, rate: Fraction | None) -> MediaInfo:
    if rate is None and is_collection(video):
        raise MediaError(f"{video} is a folder or glob of images; say how fast they play, as in --fps 24")
    return probe(video, rate)


def _depth_file(job: Recon) -> Path | None:
    return job.depth.file if isinstance(job.depth, DepthFile) else None


def _require_apart(job: Recon, own: Shot | None) -> None:
    sources = [job.video, job.path, _depth_file(job)]
    if job.shot:
        sources.append(Path(job.shot.rpartition("#")[0]))
    if own is not None:
        sources += [own.source.video, own.source.depth.file if isinstance(own.source.depth, DepthFile) else None]
    for target in job.targets():
        require_apart(target, [source for source in sources if source is not None], "choose another --out")


def _frame_count(job: Recon, clip: MediaInfo, cameras: CameraFile | None) -> int:
    """Return how many frames are rendered; where a shot says it, how many there are."""
    wanted, most, whose = job.frame_count, clip.frame_count, clip.path
    if job.shot is not None:
        return most
    if cameras is not None:
        count = len(cameras.world_from_camera)
        if count > most and wanted is None:
            raise UserError(
                f"{job.path} has {counted(count, 'camera')}, but {clip.path} has {counted(most, 'frame')}; "
                f"give a longer video, or --frames {most} for the first {most} cameras"
            )
        most, whose = min((most, clip.path), (count, job.path or clip.path))
    return frames_of(wanted, most, whose)


def frames_of(wanted: int | None, most: int, whose: Path | str) -> int:
    """Return how many frames of so many are wanted.

    Raises:
        UserError: none, or more than there are.
    """
    if wanted is not None and not 1 <= wanted <= most:
        raise UserError(f"--frames {wanted}: {whose} has {most}; write 1 to {most}, or leave it out")
    return wanted or most


def _as_shot(job: Recon, shot: Shot, output: Output) -> Inputs:
    """A shot of a shot list as it is, but for what the command line says."""
    if job.lens is not None:
        source = shot.source.model_copy(update={"lens": job.lens})
        shot = shot.model_copy(update={"source": source})
    if job.size is not None:
        output = output.model_copy(update={"size": job.size, "fit": job.fit})
    return Inputs(shot, output)


def _of_video(job: Recon, shot: Shot, clip: MediaInfo, count: int, cameras: CameraFile | None) -> Inputs:
    """A shot over the video, whose frames are taken one by one at a steady rate, whatever their times are."""
    depth = job.depth or DepthModel(model="auto")
    if job.profile_name == "reference" and isinstance(depth, DepthModel):
        depth = depth.model_copy(update={"sharpen": bool(depth.sharpen), "upsample": depth.upsample or "surfaces"})
    subject = shot.source.subject
    source = Source(video=clip.path, fps=clip.frame_rate, depth=depth, subject=subject, lens=job.lens)
    update: dict[str, object] = {"source": source}
    if job.shot is None:
        name = job.name if shot.name == "recon" else shot.name
        end = Position(value=Fraction(count), unit="f")
        update |= {"name": name, "clip": Clip(start=Position(value=Fraction(0), unit="f"), end=end)}
    output = Output(size=job.size, fit=job.fit)
    said = _said(job, subject, clip, count, cameras)
    return Inputs(shot.model_copy(update=update), output, cameras, None if job.shot else count, tuple(said))


def _said(job: Recon, subject: SubjectPlace, clip: MediaInfo, count: int, cameras: CameraFile | None) -> list[str]:
    """Say which frames are rendered, and how moves are measured, where the user has not."""
    said = []
    if job.shot is not None and isinstance(subject, SubjectDepth):
        said.append(
            f"{job.shot} measures its moves by a subject at a depth of {subject.depth:g}; so it is in {clip.path}"
        )
    if cameras is not None and cameras.mirrored:
        said.append(
            f"{job.path} has cameras with mirrored axes, as EX-4D's are before it renders; they are turned round"
        )
    if cameras is not None and job.frame_count is None and count < clip.frame_count:
        said.append(f"{job.path} has {counted(count, 'camera')}: the first {count} of {clip.frame_count} frames")
    if job.size is None and (clip.width % 2 or clip.height % 2):
        width, height = clip.width // 2 * 2, clip.height // 2 * 2
        lost = [side for side, odd in (("column", clip.width % 2), ("row", clip.height % 2)) if odd]
        said.append(
            f"{clip.path} is {clip.width}x{clip.height}; video has even sides, so that its last {' and '.join(lost)} "
            f"is cut: {width}x{height}"
        )
    if clip.variable_rate:
        said.append(f"{clip.path} has no steady rate; its frames are shown evenly, {clip.frame_rate} a second")
    return said
