"""The records of a training file: what a user wrote, validated, in canonical units; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, model_validator

from ex4d.shotlist.depth import Depth
from ex4d.shotlist.fields import Switch, Words
from ex4d.shotlist.film_format import Rate
from ex4d.shotlist.paths import LocalPath
from ex4d.shotlist.records import EntryError, Record
from ex4d.shotlist.source import Erode, Lens, Nearest
from ex4d.training.config import other_words
from ex4d.training.config.fields import (
    Decay,
    FrameCount,
    GridSize,
    Kept,
    LearningRate,
    MovesWritten,
    Norm,
    Odds,
    PrecisionName,
    Seed,
    Share,
    ShotWritten,
    SomeShare,
    SubjectWord,
    TrackerName,
    cameras_or_none,
    counted,
)
from ex4d.training.config.modules import Weights


class Clips(Record):
    """The videos that are learned from."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.IN_THE_CLIPS
    example: ClassVar[str] = "clips: {videos: clips, depth: {model: auto}}"
    videos: LocalPath
    """A folder or glob of videos, or of WebDataset shards (``.tar``)."""
    depth: Depth = None
    """As a shot list has it; the path of a file has ``{name}`` where the video's name goes. Shards may have their own,
    and tracking masks need none."""
    lens: Lens | None = None
    """Of all of the videos; if not stated, what depth or video say."""
    fps: Rate | None = None
    """Of folders of images; no other videos need it."""
    subject: SubjectWord = Nearest()
    """What the cameras of rendering masks turn about."""
    prompt: Words | None = None
    """Of all clips; if not stated, that of the text file beside the video (``bear.txt``), else EX-4D's own."""
    hold_out: Annotated[int, counted(0, 100_000)] = 0
    """Clips that are never trained on, but validated and sampled with; drawn by the seed."""


class Excerpts(Record):
    """Which frames of a clip are trained on together."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.IN_THE_EXCERPTS
    example: ClassVar[str] = "excerpts: {frames: 49, size: 512x512}"
    frames: FrameCount = 49
    """One more than a multiple of 4, at least 5."""
    size: GridSize = (512, 512)
    """Width and height, multiples of 16; the clip's middle is cropped to that aspect."""
    step: Annotated[int, counted(1, 1000)] = 1
    """Every so many frames of the clip is one of the excerpt."""
    each: Annotated[int, counted(1, 10_000)] = 1
    """Most excerpts of one clip, evenly spread."""


class CameraChoice(Record):
    """A camera that rendering masks are made with: moves, whose values may be ranges, or a shot of a shot list."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.IN_A_CAMERA
    example: ClassVar[str] = "camera: [{orbit: {right: 20deg to 90deg}}]"
    camera: MovesWritten = None
    """Moves as in a shot; a value ``20deg to 90deg`` is drawn anew for each mask."""
    shot: ShotWritten = None
    """``shots/scene.yaml#swing``; instead of ``camera``."""
    weight: Odds = 1.0
    """How often it is drawn, beside the others."""

    @model_validator(mode="after")
    def _one_of_two(self) -> CameraChoice:
        if self.camera is None and self.shot is None:
            raise ValueError("needs a camera, as in camera: [{orbit: {right: 20deg to 60deg}}], or a shot")
        if self.camera is not None and self.shot is not None:
            raise EntryError("shot", "stands beside camera; write each as an entry of its own")
        return self


class RenderingMasks(Record):
    """What a camera elsewhere could not see of the clip."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.ANYWHERE
    example: ClassVar[str] = "rendering: {share: 0.5}"
    share: Share = 0.5
    """Of all masks, 0 to 1."""
    cameras: Annotated[tuple[CameraChoice, ...], BeforeValidator(cameras_or_none)] = ()
    """Of which one is drawn for each mask; if none is stated, the usual ones, which ``ex4d train
    check`` names."""


class TrackingMasks(Record):
    """Regions of the first frame that stay hidden wherever they go."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.ANYWHERE
    example: ClassVar[str] = "tracking: {share: 0.5, tracker: flow}"
    share: Share = 0.5
    """Of all masks, 0 to 1."""
    tracker: TrackerName = "flow"
    """``flow``: dense optical flow, without weights; ``cotracker3``: where its package and weights are."""
    most_regions: Annotated[int, counted(1, 64)] = 4
    """Of one mask; how many is drawn, from 1 up."""
    smallest: SomeShare = 0.02
    """Share of the picture that all regions of a mask cover together in the first frame, at least."""
    largest: SomeShare = 0.4
    """The same, at most."""

    @model_validator(mode="after")
    def _in_order(self) -> TrackingMasks:
        if self.smallest > self.largest:
            raise EntryError("smallest", f"the smallest, {self.smallest:g}, is above the largest, {self.largest:g}")
        return self


class Masks(Record):
    """How visibility is simulated; their shares add up to 1."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.ANYWHERE
    example: ClassVar[str] = "masks: {draws: 4, erode: random}"
    rendering: RenderingMasks = RenderingMasks()
    """Holes that a camera elsewhere leaves."""
    tracking: TrackingMasks = TrackingMasks()
    """Holes that follow what moves."""
    draws: Annotated[int, counted(1, 1000)] = 4
    """Masks of each excerpt; training takes each time one of them."""
    erode: Erode = None
    """Pixels that holes grow by; if not stated, ``random``: 2 to 8 drawn for each frame, as EX-4D does it."""
    seed: Seed = 0
    """Of everything that is drawn of masks."""

    @model_validator(mode="after")
    def _whole(self) -> Masks:
        rendering, tracking = self.rendering.share, self.tracking.share
        if abs(rendering + tracking - 1.0) > 1e-9:
            rest = f"tracking: {{share: {1.0 - rendering:.6g}}}"
            raise ValueError(
                f"the shares of rendering, {rendering:g}, and tracking, {tracking:g}, add up to "
                f"{rendering + tracking:g}, not 1; write {rest} beside rendering: {{share: {rendering:g}}}"
            )
        return self


class Model(Record):
    """What is trained."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.IN_THE_MODEL
    example: ClassVar[str] = "model: {weights: wan2.1-i2v-14b-480p}"
    weights: Weights = "wan2.1-i2v-14b-480p"
    """The frozen model, by the name that ``ex4d models list`` has, or a folder in either of its layouts."""
    adapter: LocalPath | None = None
    """An ``ex4d.ckpt`` to go on from; if not stated, a new one."""
    rank: Annotated[int, counted(1, 1024)] = 16
    """Of the low-rank layers; EX-4D's loader takes 16 alone."""
    hidden: Annotated[int, counted(1, 65_536)] = 1024
    """Channels inside the camera encoder; EX-4D's 1024."""


class Training(Record):
    """How long, how fast, how exactly."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.IN_TRAINING
    example: ClassVar[str] = "training: {steps: 2000, batch: 8}"
    steps: Annotated[int, counted(1, 10_000_000)] = 2000
    """In all."""
    batch: Annotated[int, counted(1, 65_536)] = 8
    """Excerpts of one step, over all graphics cards."""
    at_once: Annotated[int, counted(1, 1024)] = 1
    """Excerpts that a card takes through the transformer together; divides its part of the batch."""
    learning_rate: LearningRate = 0.0001
    """Of AdamW, after the warmup."""
    warmup: Annotated[int, counted(0, 10_000_000)] = 100
    """Steps in which the learning rate rises from 0."""
    weight_decay: Decay = 0.0
    """How much the weights are drawn to 0, as AdamW has it."""
    largest_gradient: Norm = 1.0
    """Norm that gradients are cut to."""
    average: Kept | None = None
    """How much of the running average of the weights is kept each step, as 0.999; if not stated, none is taken."""
    precision: PrecisionName = None
    """Of the products; if not stated, bf16 on a card and float32 on the CPU. What learns is float32 always."""
    checkpointing: Switch = True
    """Whether blocks are computed again on the way back instead of keeping what they computed: slower, in far less
    memory."""
    without_prompt: Share = 0.0
    """Share of excerpts that are trained with the negative prompt instead of their own."""
    seed: Seed = 0
    """Of order, noise and noise levels."""

    @model_validator(mode="after")
    def _divided(self) -> Training:
        if self.batch % self.at_once:
            nearest = self.at_once * max(1, round(self.batch / self.at_once))
            raise EntryError("batch", f"{self.batch} cannot be taken {self.at_once} at once; write {nearest}")
        return self


class Keeping(Record):
    """What is written while it trains."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.IN_KEEPING
    example: ClassVar[str] = "keep: {checkpoint_every: 250}"
    checkpoint_every: Annotated[int, counted(1, 10_000_000)] = 250
    """Steps."""
    keep: Annotated[int, counted(1, 1000)] = 3
    """Checkpoints; older ones are deleted."""
    validate_every: Annotated[int, counted(0, 10_000_000)] = 100
    """Steps; 0 never."""
    sample_every: Annotated[int, counted(0, 10_000_000)] = 250
    """Steps; 0 never."""
    samples: Annotated[int, counted(0, 64)] = 4
    """Held-out excerpts that are completed each time."""
    sample_steps: Annotated[int, counted(1, 1000)] = 25
    """Denoising steps of a sample."""


class TrainingConfig(Record):
    """A whole training file."""

    elsewhere: ClassVar[Mapping[str, str]] = other_words.ANYWHERE
    found: ClassVar[tuple[str, ...]] = ("file",)

    file: Path
    """Where it stands."""
    clips: Clips
    """The videos that are learned from."""
    excerpts: Excerpts = Excerpts()
    """Which frames of a clip are trained on together."""
    masks: Masks = Masks()
    """How visibility is simulated."""
    model: Model = Model()
    """What is trained."""
    training: Training = Training()
    """How long, how fast, how exactly."""
    keep: Keeping = Keeping()
    """What is written while it trains."""
    output: LocalPath
    """The folder that everything is written to."""

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the keys that a user may write."""
        return tuple(word for word in super().words() if word != "file")
