"""Words and units of other trades and programs, each answered with what it is called here."""

from __future__ import annotations

from tests.shotlist.reading import film, one_shot

SHOT = "  - {name: a, clip: 0s..4s}\n"


def _shot(key: str) -> str:
    return film(f"  - {{name: a, clip: 0s..4s, {key}}}\n")


def _eased(*eases: str) -> str:
    return one_shot("\n".join(f"- pan: 20deg\n  ease: {ease}" for ease in eases))


def _entered(*ways: str) -> str:
    return film(SHOT + "".join(f"  - {{name: b{n}, clip: 0s..4s, transition: {way}}}\n" for n, way in enumerate(ways)))


CASES = {
    "a zoom in of a share": one_shot("- zoom: {in: 20%}"),
    "a dolly of an angle": one_shot("- dolly: {in: 20deg}"),
    "turns that are moves": one_shot("- pan: 20%\n- tilt: 0.2x\n- roll: 1m"),
    "moves that are turns": one_shot("- truck: 20deg\n- pedestal: 0.1rad\n- crane: 5deg\n- dolly-zoom: 5deg"),
    "an orbit by a share": one_shot("- orbit: 40%\n- orbit: {right: 40%}\n- orbit: {up: 1m}\n- orbit: {closer: 20deg}"),
    "directions in the names of moves": one_shot(
        "- zoom-in: 2x\n- zoom_out: 2x\n- pan-left: 20deg\n- tiltUp: 5deg\n- orbit right: 3deg\n- dolly-in: 4%"
    ),
    "what others call an orbit or a truck": one_shot("- arc: 20deg\n- track: 20%\n- crab: 20%\n- slide: 20%"),
    "what others call a dolly or a pedestal": one_shot("- push: 20%\n- pull-out: 20%\n- boom: 20%\n- jib: 20%"),
    "what others call a turn": one_shot("- yaw: 20deg\n- pitch: 20deg\n- rotate: 20deg\n- dutch: 5deg"),
    "what others call the rest": one_shot("- shake: 1\n- fov: 30deg\n- static:\n- translate: 3\n- vertigo: 20%"),
    "directions of other moves": one_shot(
        "- truck: {in: 30%}\n- dolly: {left: 20%}\n- crane: {forward: 5%}\n- pan: {up: 10deg}\n- tilt: {right: 5deg}"
    ),
    "ways round": one_shot("- orbit: {clockwise: 20deg}\n- orbit: {in: 20%, right: 3deg}"),
    "a move and what is beside it, parted": one_shot("[orbit: {right: 9deg}, at: 20%.., use: drift, with: {}]"),
    "a move where presets stand": one_shot("- use: dolly"),
    "units of depth by their names": film(SHOT).replace("video:", "depth: {file: a.npz, unit: cm}, video:"),
    "a title of a shot": _shot("title: Dawn"),
    "presets where moves stand": one_shot("- bullet-time: 30deg\n- Whip_Pan:\n- steadicam-drift\n- use: drift"),
    "moves without a value": one_shot("- dolly\n- orbit\n- pan"),
    "moments off a clock": film("  - {name: a, clip: 1:30..1:45}\n  - {name: b, clip: 0:00:01.5..2s}\n"),
    "degrees by their sign": one_shot("- pan: 20°\n- orbit: {right: -7.5°}"),
    "numbers that lack a unit": one_shot("- dolly: 0.5\n- look-at: [0.5, 0.25]\n- truck: 5\n- pan: 0.5"),
    "a lens by its number": film(SHOT).replace("video:", "lens: 35, video:"),
    "a model as a file of depth": film(SHOT).replace("video:", "depth: auto, video:"),
    "eases of other programs": _eased("ease-in", "easeInOut", "easeOutCubic", "quad", "ease", "smooth", "spring"),
    "transitions of other programs": _entered(
        "crossfade 1s",
        "fade-in 1s",
        "fade to black",
        "fade out 1s",
        "wipe-left 0.4s",
        "flash",
        "none",
        "dissolve 400ms",
    ),
    "how long a shot is": _shot("duration: 4s"),
    "where a shot begins": _shot("start: 1s, end: 2s"),
    "how fast a shot plays": _shot("speed: 50%, reverse: true, loop: true"),
    "what stands elsewhere": _shot("fps: 24, lens: 35mm, engine: mesh, move: {pan: 20deg}"),
    "frames in seconds": _shot("frames: 2s"),
    "frames with a unit": _shot("frames: 49f"),
    "a speed in percent": film("  - {name: a, time: [{play: 0s..1s, speed: 50%}, {play: 0s..1s, speed: 2s}]}\n"),
    "a speed in frames": film("  - {name: a, time: [{play: 0s..1s, speed: 24f}, {play: 0s..1s, speed: -1}]}\n"),
    "when a move happens": one_shot("- pan: 20deg\n  duration: 2s\n  easing: linear"),
    "an engine by its model": _shot("synthesis: {engine: wan}"),
    "an engine by its machine": _shot("synthesis: {engine: cpu}"),
    "rates as they are spoken": film(SHOT).replace("fps: 24", "fps: 29.97"),
    "an output in words of others": film(SHOT).replace("fps: 24", "width: 512, rate: 24, fit: letterbox"),
    "sound that is on": "audio: on\n" + film(SHOT),
}
