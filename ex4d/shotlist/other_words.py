"""Words that other programs and other trades use, and how this language says what they mean.

A word is looked up as people spell it: ``Zoom_In``, ``zoomIn`` and ``zoom in`` are ``zoom-in``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ORBIT = "turning round the subject is orbit, as in orbit: {right: 30deg}"
_TRUCK = "moving sideways is truck, as in truck: {right: 20%}"
_PAN = "turning the head sideways is pan, as in pan: {right: 20deg}"
_TILT = "turning the head up or down is tilt, as in tilt: {up: 10deg}"
_RISE = "moving up or down is pedestal, as in pedestal: {up: 20%}, or crane, which keeps the subject in frame"
_DOLLY = "moving in or out is dolly, as in dolly: {in: 40%}"
_LENS = "what the lens does is zoom, as in zoom: {in: 2x} or zoom: 35mm..70mm"
_STILL = "a camera that stands still has no move: camera: []"
_SHAKE = "a hand's unrest is handheld, as in handheld: {amount: 0.4}"
_LEAN = "leaning the head is roll, as in roll: {clockwise: 5deg}"
_TURN = (
    "say about what: pan (the vertical), tilt (the camera's right), roll (the view axis) or, round the subject, orbit"
)
_MOVE = "say where to: dolly (in or out), truck (left or right) or pedestal (up or down)"
_DOLLY_ZOOM = "moving while the lens keeps the subject's size is dolly-zoom, as in dolly-zoom: {in: 40%}"

MOVES_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("arc", "circle", "revolve", "rotate-around", "turntable", "spin-around"), _ORBIT),
    **dict.fromkeys(("track", "tracking", "crab", "slide", "strafe", "lateral", "track-left", "track-right"), _TRUCK),
    **dict.fromkeys(("crab-left", "crab-right", "slide-left", "slide-right", "move-left", "move-right"), _TRUCK),
    **dict.fromkeys(("boom", "jib", "lift", "rise", "ped", "boom-up", "boom-down", "jib-up", "jib-down"), _RISE),
    **dict.fromkeys(("move-up", "move-down", "elevate", "raise", "lower"), _RISE),
    **dict.fromkeys(("push", "pull", "push-in", "pull-out", "pull-back", "truck-in", "truck-out"), _DOLLY),
    **dict.fromkeys(("move-in", "move-out", "forward", "backward", "move-forward", "move-backward"), _DOLLY),
    **dict.fromkeys(("yaw", "azimuth", "swivel", "look-left", "look-right"), _PAN),
    **dict.fromkeys(("pitch", "elevation", "look-up", "look-down"), _TILT),
    **dict.fromkeys(("bank", "dutch", "dutch-angle", "cant"), _LEAN),
    **dict.fromkeys(("fov", "focal", "focal-length", "lens"), _LENS),
    **dict.fromkeys(("vertigo", "hitchcock", "contra-zoom", "zolly", "trombone"), _DOLLY_ZOOM),
    **dict.fromkeys(("shake", "shaky", "jitter", "wiggle", "hand-held", "noise"), _SHAKE),
    **dict.fromkeys(("static", "still", "locked", "lock-off", "none", "fixed", "stay"), _STILL),
    **dict.fromkeys(("rotate", "rotation", "turn"), _TURN),
    **dict.fromkeys(("translate", "move", "position"), _MOVE),
    **dict.fromkeys(
        ("target", "lookat", "aim", "follow"), "aiming the head is look-at, as in look-at: {target: subject}"
    ),
    **dict.fromkeys(("keyframes", "keys", "curve", "bezier"), "a path through points is spline: {keys: [{at: 0%}, …]}"),
    **dict.fromkeys(("preset", "move-name"), "a ready-made move is use, as in use: orbit-right@1"),
}
"""Moves by the names that they have elsewhere."""

WAYS_TO_MOVE: Mapping[str, str] = {
    **dict.fromkeys(("in", "out", "forward", "forwards", "backward", "backwards", "back"), _DOLLY),
    **dict.fromkeys(("left", "right", "sideways"), _TRUCK),
    **dict.fromkeys(("up", "down"), _RISE),
}
"""Directions of other moves, written inside one that moves the camera."""

WAYS_TO_TURN: Mapping[str, str] = {
    **dict.fromkeys(("left", "right"), _PAN),
    **dict.fromkeys(("up", "down"), _TILT),
    **dict.fromkeys(("clockwise", "counterclockwise", "cw", "ccw"), _LEAN),
}
"""The same inside one that turns it."""

WAYS_ROUND: Mapping[str, str] = {
    **dict.fromkeys(
        ("clockwise", "counterclockwise", "cw", "ccw", "angle", "round"),
        "say where the camera goes, right or left: orbit: {right: 30deg}",
    ),
    **dict.fromkeys(
        ("in", "out", "distance", "radius", "near", "far"), "coming nearer is closer: 20%, or farther: 20%"
    ),
}
"""The same inside an orbit."""

IN_A_SHOT: Mapping[str, str] = {
    "title": "the film's title stands at the top of the list; a shot has its name",
    **dict.fromkeys(
        ("duration", "length", "seconds"),
        "a shot is as long as what it plays: clip: 0s..4s, time for what is slowed or frozen, or frames: 96",
    ),
    **dict.fromkeys(("start", "end", "in", "out", "from", "to", "range"), "what plays is clip, as in clip: 0s..4s"),
    **dict.fromkeys(("speed", "slow", "freeze", "play"), "a retimed source is time: [{play: 0s..4s, speed: 0.5}]"),
    **dict.fromkeys(("reverse", "reversed", "backwards"), "to play backwards, write the later end first: clip: 4s..0s"),
    **dict.fromkeys(("loop", "ping-pong"), "there and back is boomerang: true"),
    **dict.fromkeys(("fps", "size", "fit", "overscan"), "it is one for the whole film and stands in output"),
    **dict.fromkeys(("video", "depth", "lens", "subject", "file"), "it stands in source, as in source: {lens: 35mm}"),
    **dict.fromkeys(("engine", "seed", "prompt", "erode"), "it stands in synthesis, as in synthesis: {seed: 7}"),
    **dict.fromkeys(("move", "moves", "trajectory", "preset", "use"), "moves stand in camera, each as in - pan: 20deg"),
    **dict.fromkeys(("fade", "dissolve", "wipe"), "how a shot is entered is transition, as in transition: fade 0.5s"),
}
"""Keys of a shot that stand elsewhere, or are said otherwise."""

BESIDE_A_MOVE: Mapping[str, str] = {
    **dict.fromkeys(
        ("start", "end", "from", "to", "duration", "time", "when", "window", "range", "frames"),
        "when a move happens is at, as in at: 20%..60%",
    ),
    **dict.fromkeys(("speed", "pace"), "a move takes as long as its window: write at: 20%..60%, and ease"),
    **dict.fromkeys(("easing", "interpolation", "curve"), "how a move begins and ends is ease, as in ease: in-out"),
    **dict.fromkeys(("direction", "amount"), "the amount stands with the move, as in - pan: {left: 20deg}"),
    "with": "parameters go to presets, as in - use: orbit-right@1 with: {angle: 60deg}",
}
"""The same beside a move."""

IN_THE_OUTPUT: Mapping[str, str] = {
    **dict.fromkeys(("width", "height", "resolution", "dimensions"), "write both sides as size: 512x512"),
    **dict.fromkeys(("rate", "framerate", "frame-rate"), "frames a second are fps, as in fps: 24"),
    **dict.fromkeys(("name", "filename", "path"), "the film's name is file, as in file: courtyard.mp4"),
    **dict.fromkeys(("codec", "format", "quality", "bitrate", "crf"), "films are H.264 in mp4, as good as can be seen"),
    **dict.fromkeys(
        ("crop", "aspect", "margin"), "how a picture fits is fit: crop, pad or squash; its margin is overscan"
    ),
}
"""The same in the output."""

ENGINES_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("wan", "wan2.1", "diffusion"), "Wan is the model that two engines stand on: ex4d and vace"),
    **dict.fromkeys(("none", "off", "geometry", "cpu", "render"), "geometry alone, without a model, is mesh"),
    **dict.fromkeys(("gpu", "cuda", "best"), "auto takes the best that is installed"),
}
FITS_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("fill", "cover", "center", "zoom"), "a picture that fills the frame is crop"),
    **dict.fromkeys(("contain", "letterbox", "pillarbox", "fit"), "a picture that is whole, between bars, is pad"),
    **dict.fromkeys(("stretch", "scale", "distort"), "a picture that is pulled to the frame is squash"),
}
DEPTH_UNITS_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("meters", "metres", "meter", "metre"), "metres are m"),
    **dict.fromkeys(("millimeters", "millimetres", "millimeter", "millimetre"), "millimetres are mm"),
    **dict.fromkeys(
        ("cm", "centimeters", "centimetres", "inches", "feet", "ft"), "turn such numbers into mm or m first"
    ),
    **dict.fromkeys(("inverse", "inverse-depth", "1/z"), "numbers that grow towards the camera are disparity"),
}
SOUNDS_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("true", "yes", "on", "keep", "original", "copy"), "the source's own sound is source"),
    **dict.fromkeys(("false", "no", "off", "mute", "silent"), "a film without sound is none"),
}
TRANSITIONS_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(
        ("crossfade", "cross-fade", "cross-dissolve", "xfade", "mix", "blend", "lap-dissolve"),
        "one picture that melts into the next is dissolve 0.4s",
    ),
    **dict.fromkeys(
        ("fade-in", "fade-out", "fade-to-black", "fade-from-black", "dip-black", "dip-to-black", "fade-black", "dip"),
        "fade 0.5s goes through black; on the first shot it fades up, and end: fade 0.5s closes the film",
    ),
    **dict.fromkeys(
        ("fade-to-white", "fade-white", "dip-to-white", "flash", "white"), "going through white is dip-white 0.5s"
    ),
    **dict.fromkeys(("none", "hard-cut", "jump-cut", "straight-cut"), "one picture after the other is cut"),
    **dict.fromkeys(("slide", "push", "swipe", "whip"), "a picture that pushes the other out is wipe left 0.4s"),
}

_EASING = re.compile(r"(?:ease)?-?(in-?out|in|out)?-?(sine?|quad|cubic|quart|quint|expo|circ|strong)?")
_POWERS = {"sin": "", "sine": "", "quad": " 2", "cubic": " 3", "quart": " 4", "quint": " 5", "expo": " 8", "circ": " 4"}
_EASES = {
    **dict.fromkeys(("ease", "smooth", "smoothstep", "smootherstep", "s-curve", "auto"), "in-out"),
    **dict.fromkeys(("none", "constant", "even", "lerp"), "linear"),
    **dict.fromkeys(("slow-in", "accelerate", "start-slow"), "in"),
    **dict.fromkeys(("slow-out", "decelerate", "end-slow"), "out"),
}
_OVERSHOOTING = ("back", "bounce", "bouncy", "elastic", "spring")


def normal(word: str) -> str:
    """Return a word as the tables have it: in small letters, with hyphens."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\s]+", "-", word[:64])
    return parted.lower().strip("-")


def meaning(word: str, table: Mapping[str, str]) -> str:
    """Return ``; `` and what a word means in this language; nothing where the table does not have it."""
    meant = table.get(normal(word))
    return f"; {meant}" if meant else ""


def meant_ease(text: str) -> str:
    """Return ``; write 'in 3'`` for ``easeInCubic`` and its like; nothing for what is no ease anywhere."""
    word = normal(text)
    if any(word.endswith(name) for name in _OVERSHOOTING):
        return "; an ease here never overshoots"
    if word in _EASES:
        return f"; write {_EASES[word]!r}"
    found = _EASING.fullmatch(word)
    if not found or not (found[1] or found[2]):
        return ""
    way = (found[1] or "in-out").replace("inout", "in-out")
    return f"; write '{way}{_POWERS.get(found[2] or '', '')}'"


def meant_move(word: str, pairs: Mapping[str, tuple[tuple[str, str], ...]]) -> str:
    """Return how a move with its direction in its name is written, or what it is called here; nothing if unknown.

    Args:
        word: as written, such as ``pan_left``.
        pairs: the pairs of direction words of every move, by its word.
    """
    spelt = normal(word)
    for move, directions in pairs.items():
        rest = spelt.removeprefix(move).lstrip("-")
        if spelt.startswith(move) and any(rest in pair for pair in directions):
            return f"; the direction stands inside: {move}: {{{rest}: {_EXAMPLES.get(move, '20deg')}}}"
    return meaning(word, MOVES_ELSEWHERE)


_EXAMPLES = {
    "zoom": "2x", "dolly": "40%", "truck": "20%", "pedestal": "20%", "crane": "20%", "dolly-zoom": "40%",
    "orbit": "30deg",
}  # fmt: skip
