"""The records of a training file: what a user wrote, validated, in canonical units; no behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from ex4d.shotlist.depth import Depth
from ex4d.shotlist.fields import Positive, Switch, Weight, Whole, Words, choice
from ex4d.shotlist.film_format import Rate, Size
from ex4d.shotlist.lens import LensSpec
from ex4d.shotlist.paths import LocalPath
from ex4d.shotlist.records import Record
from ex4d.shotlist.source import Center, Nearest

Tracker = Literal["flow", "cotracker3"]
Precision = Literal["bf16", "float32"]


class Clips(Record):
    """The videos that are learned from."""

    example: ClassVar[str] = "clips: {videos: clips, depth: {model: auto}}"
    videos: LocalPath
    """A folder or glob of videos, or of WebDataset shards (``.tar``)."""
    depth: Depth = None
    """As a shot list has it; the path of a file has ``{name}`` where the video's name goes. Tracking masks alone need
    none."""
    lens: Annotated[LensSpec | Literal["auto"] | None, BeforeValidator(lambda value: value)] = None
    """Of all of the videos; if not stated, what depth or video say."""
    fps: Rate | None = None
    """Of folders of images; no other videos need it."""
    subject: Center | Nearest = Nearest()
    """What the cameras of rendering masks turn about."""
    prompt: Words | None = None
    """Of all clips; if not stated, that of the text file beside the video (``bear.txt``), else EX-4D's own."""
    hold_out: Whole = 0
    """Clips that are never trained on, but validated and sampled with; drawn by the seed."""


class Excerpts(Record):
    """Which frames of a clip are trained on together."""

    example: ClassVar[str] = "excerpts: {frames: 49, size: 512x512}"
    frames: Whole = 49
    """4k + 1."""
    size: Size = (512, 512)
    """Width and height, multiples of 16; the clip's middle is cropped to that aspect."""
    step: Whole = 1
    """Every so many frames of the clip is one of the excerpt."""
    each: Whole = 1
    """Most excerpts of one clip, evenly spread."""


class CameraChoice(Record):
    """A camera that rendering masks are made with: moves, whose values may be ranges, or a shot of a shot list."""

    example: ClassVar[str] = "camera: [{orbit: {right: 20deg to 90deg}}]"
    camera: Any = None
    """Moves as in a shot; a value ``20deg to 90deg`` is drawn anew for each mask."""
    shot: Words | None = None
    """``shots/scene.yaml#swing``; instead of ``camera``."""
    weight: Positive = 1.0
    """How often it is drawn, beside the others."""


class RenderingMasks(Record):
    """What a camera elsewhere could not see of the clip."""

    share: Weight = 0.5
    """Of all masks, 0 to 1."""
    cameras: tuple[CameraChoice, ...] = ()
    """Of which one is drawn for each mask; if none is stated, :data:`USUAL_CAMERAS`."""


class TrackingMasks(Record):
    """Regions of the first frame that stay hidden wherever they go."""

    share: Weight = 0.5
    """Of all masks, 0 to 1."""
    tracker: Annotated[Tracker, choice("flow", "cotracker3")] = "flow"
    """``flow``: dense optical flow, without weights; ``cotracker3``: where its package and weights are."""
    most_regions: Whole = 4
    """Of one mask; how many is drawn, from 1 up."""
    smallest: Weight = 0.02
    """Share of the picture that all regions of a mask cover together in the first frame, at least."""
    largest: Weight = 0.4
    """The same, at most."""


class Masks(Record):
    """How visibility is simulated; their shares add up to 1."""

    rendering: RenderingMasks = RenderingMasks()
    tracking: TrackingMasks = TrackingMasks()
    draws: Whole = 4
    """Masks of each excerpt; training takes each time one of them."""
    erode: Any = None
    """Pixels that holes grow by; None draws 2 to 8 for each frame, as EX-4D does it."""
    seed: Whole = 0
    """Of everything that is drawn of masks."""


class Model(Record):
    """What is trained."""

    weights: Words = "wan2.1-i2v-14b-480p"
    """The frozen model, by the name that ``ex4d models list`` has, or a folder in either of its layouts."""
    adapter: LocalPath | None = None
    """An ``ex4d.ckpt`` to go on from; if not stated, a new one."""
    rank: Whole = 16
    """Of the low-rank layers; EX-4D's loader takes 16 alone."""
    hidden: Whole = 1024
    """Channels inside the camera encoder; EX-4D's 1024."""


class Training(Record):
    """How long, how fast, how exactly."""

    steps: Whole = 2000
    batch: Whole = 8
    """Excerpts of one step, over all graphics cards."""
    at_once: Whole = 1
    """Excerpts that a card takes through the transformer together; divides its part of the batch."""
    learning_rate: Positive = 0.0001
    warmup: Whole = 100
    """Steps in which the learning rate rises from 0."""
    weight_decay: Annotated[float, BeforeValidator(lambda value: value)] = 0.0
    largest_gradient: Positive = 1.0
    """Norm that gradients are cut to."""
    average: Weight | None = None
    """How much of the running average of the weights is kept each step, as 0.999; if not stated, none is taken."""
    precision: Annotated[Precision | None, choice("bf16", "float32")] = None
    """Of the products; if not stated, bf16 on a card and float32 on the CPU. What learns is float32 always."""
    checkpointing: Switch = True
    """Whether blocks are computed again on the way back instead of keeping what they computed: slower, in far less
    memory."""
    without_prompt: Weight = 0.0
    """Share of excerpts that are trained with the negative prompt instead of their own."""
    seed: Whole = 0
    """Of order, noise and noise levels."""


class Keeping(Record):
    """What is written while it trains."""

    checkpoint_every: Whole = 250
    """Steps."""
    keep: Whole = 3
    """Checkpoints; older ones are deleted."""
    validate_every: Whole = 100
    """Steps; 0 never."""
    sample_every: Whole = 250
    """Steps; 0 never."""
    samples: Whole = 4
    """Held-out excerpts that are completed each time."""
    sample_steps: Whole = 25
    """Denoising steps of a sample."""


class TrainingConfig(Record):
    """A whole training file."""

    file: Path
    clips: Clips
    excerpts: Excerpts = Excerpts()
    masks: Masks = Masks()
    model: Model = Model()
    training: Training = Training()
    keep: Keeping = Keeping()
    output: LocalPath
    """The folder that everything is written to."""
