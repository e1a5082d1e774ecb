"""The spelling of every type that a field of the language has."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BeforeValidator

from ex4d.shotlist import base_moves, depth, fields, film_format, model, moves, playing, source, timing, units
from ex4d.shotlist.easing import Ease
from ex4d.shotlist.fields import Choice, QuantityReader
from ex4d.shotlist.formulas import CONSTANTS, FUNCTIONS
from ex4d.shotlist.formulas import MAX_LENGTH as LONGEST_FORMULA
from ex4d.shotlist.lens import LensSpec
from ex4d.shotlist.parameters import AnyQuantity
from ex4d.shotlist.paths import LocalPath
from ex4d.shotlist.places import Place
from ex4d.shotlist.playing import Clip, Speed
from ex4d.shotlist.preset_file import PRESET_NAME
from ex4d.shotlist.records import Record
from ex4d.shotlist.schema import patterns
from ex4d.shotlist.schema.spelling import Json, Spelling, either, listed, number, of_quantity, ref, text, words
from ex4d.shotlist.timing import Position, Window
from ex4d.shotlist.transitions import DIRECTIONS, KINDS, THROUGH_COLOUR, Ending, Transition

LARGEST: Final = 10**units.MAX_DIGITS - 1
WHOLE = r"[0-9]+(?:\.0+)?"
_LENS = patterns.quantity(units.LENS.units, "0deg", "150deg", positive=True)
_DURATION = patterns.quantity(units.DURATION.units, "0s", positive=True)
_FRAME = f"{WHOLE}f"
_SOURCE_TIME = f"(?:{patterns.ANY}s|{_FRAME})"
_POSITION = f"(?:{patterns.at_most(100)}%|{patterns.ANY}s|{_FRAME})"
_SPEED = f"(?:{patterns.at_most(100)}x?)"
_FACTOR = patterns.of(units.FACTOR, positive=True)
_POWER = {
    "type": ["number", "string"],
    "minimum": 1,
    "maximum": 10,
    "pattern": patterns.whole_text(patterns.at_most(10)),
}
_HANDLE = {
    "type": ["number", "string"],
    "minimum": 0,
    "maximum": 1,
    "pattern": patterns.whole_text(patterns.at_most(1)),
}
_NOT_ROUNDED: Json = {
    "not": {"enum": sorted({round(base * 1000 / 1001, places) for base in (24, 30, 48, 60, 120) for places in (3, 2)})}
}
"""Roundings of n x 1000/1001; the commonest, as an editor knows no arithmetic."""
_ONE = {"additionalProperties": False, "minProperties": 1, "maxProperties": 1}
"""A mapping of one of its keys."""
_UNDIRECTED = [kind for kind in KINDS if kind not in ("cut", "wipe")]
_SCALARS = ["string", "number", "boolean"]
"""What an editor may take for a word or a number, and a shot list as it is written."""

QUANTITIES: Final[dict[str, Any]] = {
    "angle": fields.Angle,
    "elevation": moves.Elevation,
    "distance": fields.Distance,
    "factor": fields.Factor,
    "duration": fields.Duration,
    "frequency": fields.Frequency,
    "image-share": fields.ImageShare,
    "overscan": fields.Overscan,
    "pixel": fields.Pixel,
    "number": fields.Number,
    "positive": fields.Positive,
    "amount": fields.Amount,
    "weight": fields.Weight,
    "closer": moves.Closer,
    "longest": depth.Longest,
}
"""Types that a ``QuantityReader`` reads; their spelling follows from it."""

TYPES: Final[tuple[tuple[Any, Spelling], ...]] = (
    (fields.Whole, number("whole", "a whole number from 0 up", WHOLE, 7, kind="integer", minimum=0, maximum=LARGEST)),
    (fields.Switch, Spelling("switch", "`true` or `false`", {
        "type": ["boolean", "string"], "pattern": "^(?:true|false)$", "errorMessage": "needs true or false",
        "examples": [True, False]})),
    (fields.Words, Spelling("words", "text", {"type": [*_SCALARS, "null"]})),
    (LocalPath, Spelling("local-path", "the path of a file or folder, seen from the file that names it", {
        "type": _SCALARS, "pattern": r"^(?![A-Za-z][A-Za-z0-9+.\-]*:)",
        "errorMessage": "needs the path of a local file or folder; addresses and protocols are not read"})),
    (film_format.Rate, number("rate", "frames a second, a whole or an exact number",
        r"[0-9]{1,6}(?:\.[0-9]{1,6})?|[1-9][0-9]{0,6}/[1-9][0-9]{0,6}", 24, "30000/1001",
        minimum=1, maximum=1000, **_NOT_ROUNDED)),
    (film_format.Size, text("size", "width x height in even pixels, 16 to 16384",
        "[0-9]{1,4}[02468]x[0-9]{1,4}[02468]", "512x512", "1280x720")),
    (source.Erode, number("erode", f"whole pixels from 0 to {source.MOST_ERODED}, or `random`",
        f"(?:random|{patterns.at_most(source.MOST_ERODED)})", 5, "random", kind="integer",
        minimum=0, maximum=source.MOST_ERODED)),
    (source.LookedDown, Spelling("looked-down", "an angle within 85deg, or `{down: 12deg}` or `{up: 12deg}`", {
        "type": ["string", "object"], "pattern": patterns.whole_text(patterns.of(units.ANGLE, "-85deg", "85deg")),
        **_ONE,
        "properties": {"down": ref("elevation"), "up": ref("elevation")},
        "errorMessage": "needs an angle within 85deg, as in 12deg or {up: 12deg}",
        "examples": ["12deg", {"up": "12deg"}]})),
    (source.Rolled, Spelling("rolled", "an angle within 180deg, or `{clockwise: 3deg}` or `{counterclockwise: 3deg}`", {
        "type": ["string", "object"], "pattern": patterns.whole_text(patterns.of(units.ANGLE, "-180deg", "180deg")),
        **_ONE,
        "properties": {"clockwise": ref("angle"), "counterclockwise": ref("angle")},
        "errorMessage": "needs an angle within 180deg, as in 3deg or {counterclockwise: 3deg}",
        "examples": ["3deg", {"counterclockwise": "3deg"}]})),
    (source.Metres, text("metres", "a length in `m` above 0", patterns.of(units.METRES, positive=True), "2.4m")),
    (source.FileName, text("file-name", "a plain file name that ends in .mp4", r"[^\s/\\.:\-][^/\\:]*\.[mM][pP]4",
        "courtyard.mp4", maxLength=120)),
    (source.Lens, text("source-lens", "a horizontal angle, as `54deg`; `35mm` on 36 mm; `500px`; or `auto`",
        f"(?:auto|{_LENS})", "54deg", "35mm", "500px", "auto")),
    (source.SubjectPlace, either("source-subject",
        "`center`, `nearest`, `[50%, 60%]` of width and height, or `{depth: 2.7}`",
        {"enum": ["center", "nearest"]}, listed(ref("image-share"), 2, 2), ref("subject-depth"))),
    (depth.Depth, either("depth", "a file's path, a mapping with `file`, or one with `model`",
        ref("local-path"), ref("depth-file"), ref("depth-model"))),
    (depth.Frames, text("frames-together", f"whole frames in `f`, 1f to {depth.MOST_FRAMES}f",
        f"{patterns.at_most(depth.MOST_FRAMES)}f", "60f")),
    (Place, either("place",
        "`subject`, a place in the picture as `[50%, 60%]`, or in space as `[right, up, in]` = `[20%, 0%, 100%]`",
        {"enum": ["subject"]}, listed(ref("image-share"), 2, 2), listed(ref("distance"), 3, 3))),
    (moves.PlaceInFrame, either("place-in-frame", "`center`, or a place in the picture as `[33%, 50%]`",
        {"enum": ["center"]}, listed(ref("image-share"), 2, 2))),
    (timing.OptionalDuration, Spelling("optional-duration", "a duration in `s`", {
        "type": ["string", "null"], "pattern": patterns.whole_text(patterns.of(units.DURATION, "0s")),
        "errorMessage": "needs a duration in s, as in 0.5s", "examples": ["0.5s"]})),
    (playing.Held, text("held", "a duration in `s` above 0", _DURATION, "1.6s")),
    (playing.SourceMoment, text("source-moment", "a time of the source, seconds or frames", _SOURCE_TIME,
        "9s", "216f")),
    (playing.Count, number("count", f"a whole number from 1 to {timing.MAX_FRAMES}", r"0*[1-9][0-9]{0,5}(?:\.0+)?",
        49, kind="integer", minimum=1, maximum=timing.MAX_FRAMES)),
    (Ending, text("ending", "`cut`, `fade 0.5s` or `dip-white 0.5s`",
        rf"cut\s*|(?:{'|'.join(THROUGH_COLOUR)})\s+{_DURATION}\s*",
        "cut", "fade 0.5s", "dip-white 0.5s")),
    (base_moves.Function, Spelling("formula", "a formula of `s`", {
        "type": ["string", "number"], "pattern": r"^[-+*/^(),.%\sA-Za-z0-9_]+$", "maxLength": LONGEST_FORMULA,
        "errorMessage": "needs a formula of s, as in sin(2 * pi * s)", "examples": ["sin(2 * pi * s)", "60deg * s"]})),
    (base_moves.Constants, Spelling("constants", "names with numbers, as `{radius: 40%}`", {
        "type": "object", "additionalProperties": ref("constant"),
        "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": {"enum": ["s", *CONSTANTS, *FUNCTIONS]}},
        "examples": [{"radius": "40%"}]})),
    (model.ShotName, Spelling("shot-name", "1 to 64 of the letters A-Z a-z, digits, `_` and `-`", {
        "type": ["string", "integer", "boolean"], "pattern": f"^{model.SHOT_NAME.pattern}$",
        "errorMessage": "needs a name of 1 to 64 of the letters A-Z a-z, digits, _ and -", "examples": ["swing"]})),
    (model.Camera, Spelling("camera", "a list of moves", {
        "type": ["array", "null"], "items": ref("camera-item"),
        "errorMessage": "needs a list of moves, each as in - pan: 20deg"})),
    (playing.Parts, Spelling("parts", "a list of parts, each `play:` or `freeze:`", {
        **listed({"anyOf": [ref("play"), ref("freeze")]}, 1, playing.MOST_PARTS),
        "errorMessage": "needs a list of parts, each as in - play: 8s..9s or - freeze: 1.6s"})),
    (AnyQuantity, number("quantity", "a number with or without a unit", f"{units.NUMBER.pattern}[A-Za-z%]*",
        "45deg", 0.5)),
)  # fmt: skip
"""Types that have a reader of their own."""

RECORDS: Final[dict[type[Record], Spelling]] = {
    Clip: text("clip", "a range of the source, `0s..1.6s`, `48f..96f` or `3s..`; backwards as `1.6s..0s`",
        rf"{_SOURCE_TIME}\.\.{_SOURCE_TIME}?", "0s..1.6s", "48f..96f", "3s.."),
    Position: text("position", "a moment as `40%`, `1.6s` or `12f`", _POSITION, "40%", "1.6s", "12f"),
    Window: text("window", "a range of the shot, `20%..60%`, `0.5s..2s` or `12f..`", rf"{_POSITION}\.\.{_POSITION}?",
        "20%..60%", "0.5s..2s", "50%.."),
    Speed: number("speed", "a number from 0.01 to 100, or a ramp as `1..0.25`", rf"{_SPEED}(?:\.\.{_SPEED})?",
        0.5, "1..0.25", minimum=0.01, maximum=100),
    Transition: text("transition", "`cut`, `dissolve 0.4s`, `wipe left 0.4s`, `fade 0.5s` or `dip-white 0.5s`",
        rf"cut\s*|(?:{'|'.join(_UNDIRECTED)})\s+{_DURATION}\s*|wipe\s+(?:{'|'.join(DIRECTIONS)})\s+{_DURATION}\s*",
        "cut", "dissolve 0.4s", "wipe left 0.4s", "fade 0.5s", "dip-white 0.5s"),
    LensSpec: text("lens", "a lens as `54deg`, `35mm` or `500px`", _LENS, "54deg", "35mm", "500px"),
    Ease: Spelling("ease", "`linear`, `in`, `out`, `in-out`, one of these three with a power as `in 3`, or "
        "`{bezier: [0.3, 0, 0.7, 1]}`", {
        "type": ["string", "object"],
        "pattern": rf"^(?:linear|(?:in|out|in-out)(?:\s+{patterns.at_most(10)})?)\s*$", **_ONE,
        "properties": {"in": _POWER, "out": _POWER, "in-out": _POWER, "bezier": listed(_HANDLE, 4, 4)},
        "errorMessage": "needs linear, in, out, in-out, a power as in 3, or {bezier: [0.3, 0, 0.7, 1]}",
        "examples": ["linear", "in", "out", "in-out", "in 3", {"bezier": [0.3, 0, 0.7, 1]}]}),
    model.Zoom: Spelling("zoom", "a factor as `2x`, `{in: 2x}` or `{out: 2x}`, or lenses as `35mm..70mm` or `..70mm`", {
        "type": ["string", "object"], "pattern": patterns.whole_text(rf"(?:{_FACTOR}|(?:{_LENS})?\.\.{_LENS})"),
        "properties": {"in": ref("factor"), "out": ref("factor")}, **_ONE,
        "errorMessage": "needs a factor or lenses, as in 2x, {out: 2x}, 35mm..70mm or ..70mm",
        "examples": ["2x", {"out": "2x"}, "35mm..70mm", "..70mm", "54deg..30deg"]}),
}  # fmt: skip
"""Records that have forms of their own instead of keys alone."""

CONSTANT: Final = number("constant", "a number, an angle or a share", patterns.of(units.CONSTANT), 0.5, "30deg", "40%")
USE: Final = text("preset-id", "a preset, as `orbit-right`, or pinned to a version, as `orbit-right@1`",
    f"{PRESET_NAME.pattern}(?:@[1-9][0-9]{{0,5}})?", "orbit-right@1", "orbit-right")  # fmt: skip


def spelling_of_reader(validator: Any) -> Spelling | None:
    """Return the spelling of what a field's ``BeforeValidator`` reads, None where it only checks the structure."""
    read = validator.func if isinstance(validator, BeforeValidator) else None
    if isinstance(read, QuantityReader):
        return _quantity(read)
    if isinstance(read, Choice):
        return words("", f"{', '.join(f'`{word}`' for word in read.words[:-1])} or `{read.words[-1]}`", read.words)
    return next((spelling for kind, spelling in TYPES if read is not None and kind.__metadata__[0].func is read), None)


def _quantity(read: QuantityReader) -> Spelling:
    """Return the spelling of a quantity under the name of the type that has its dimension and bounds."""
    for name, kind in QUANTITIES.items():
        named = kind.__metadata__[0].func
        if _what(named) == _what(read):
            return of_quantity(name, named)
    raise TypeError(f"no name for {_what(read)}; add its type to QUANTITIES")


def _what(read: QuantityReader) -> tuple[Any, ...]:
    return read.dimension, read.low, read.high, read.positive
