"""The exact text of every kind of fault, as a user sees it.

The texts stand in error_texts.txt beside this file; ``python -m tests.shotlist.test_error_texts`` writes it anew,
to be read before it is committed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shotlist.reading import error_text, film, one_shot

GOLDEN = Path(__file__).with_name("error_texts.txt")

LIST = "ex4d: 1\nsource: {video: a.mp4}\n"
SHOT = "  - {name: a, clip: 0s..1.6s}\n"


def _source(line: str) -> str:
    return f"ex4d: 1\nsource:\n  video: a.mp4\n  {line}\nshots:\n{SHOT}"


def _output(text: str) -> str:
    return f"ex4d: 1\nsource: {{video: a.mp4}}\noutput: {text}\nshots:\n{SHOT}"


CASES = {
    # the file as a whole
    "no version": f"source: {{video: a.mp4}}\nshots:\n{SHOT}",
    "another version": f"ex4d: 2\nsource: {{video: a.mp4}}\nshots:\n{SHOT}",
    "a misspelt key": f"ex4d: 1\ntitel: x\nsource: {{video: a.mp4}}\nshots:\n{SHOT}",
    "a key that is like no other": f"ex4d: 1\nzzz: x\nsource: {{video: a.mp4}}\nshots:\n{SHOT}",
    "no shots": "ex4d: 1\nsource: {video: a.mp4}\n",
    "an empty list of shots": "ex4d: 1\nsource: {video: a.mp4}\nshots: []\n",
    "a shot that is a word": film("  - a\n"),
    "too many shots": film("".join(f"  - name: s{index}\n" for index in range(1001))),
    "no source": "ex4d: 1\nshots:\n  - name: a\n",
    "a source without a video": "ex4d: 1\nsource: {lens: 35mm}\nshots:\n  - name: a\n",
    "a title that is a list": f"ex4d: 1\ntitle: [a]\nsource: {{video: a.mp4}}\nshots:\n{SHOT}",
    "sound and an end that are none": f"{LIST}audio: loud\nend: dissolve 0.5s\nshots:\n{SHOT}",
    "a colon without a space in braces": film("  - {name: a, clip:0s..1s}\n"),
    "a colon without a space in a list": one_shot("- pan:20deg"),
    "a colon without a space in an item of its own": one_shot("- {at:50%}"),
    "a colon without a space in a spline's key": one_shot(
        "- spline: {keys: [{at:0%}, {at: 100%, position: [1x, 0x, 0x]}]}"
    ),
    "the direction of another move": one_shot("- roll: {left: 4deg}\n- truck: {up: 3%}"),
    "a key twice": film("  - name: a\n    name: b\n"),
    # source
    "an address as a source": _source("video: http://example.org/a.mp4").replace("  video: a.mp4\n", ""),
    "a protocol as a source": _source('video: "concat:a.mp4|b.mp4"').replace("  video: a.mp4\n", ""),
    "a file address as depth": _source("depth: file:///a.npz"),
    "a switch that is neither": _source("depth: {model: auto, sharpen: yes}"),
    "a side that is too small": _source("depth: {model: auto, longest: 20px}"),
    "a side without a unit": _source("depth: {model: auto, longest: 768}"),
    "half a pixel": _source("depth: {model: auto, longest: 768.5px}"),
    "a window of nothing": _source("depth: {model: auto, window: 0f}"),
    "a window in seconds": _source("depth: {model: auto, window: 2s}"),
    "a way to enlarge that is none": _source("depth: {file: a.npz, upsample: nearest}"),
    "a setting of models for a file": _source("depth: {file: a.npz, window: 60f}"),
    "a playlist": _source("video: a.m3u8").replace("  video: a.mp4\n", ""),
    "images without a rate": _source("video: frames/*.jpg").replace("  video: a.mp4\n", ""),
    "a lens without a unit": _source("lens: 54"),
    "a lens of no kind": _source("lens: wide"),
    "a lens too wide": _source("lens: 170deg"),
    "a subject that is no place": _source("subject: middle"),
    "a subject outside the picture": _source("subject: [50%, 160%]"),
    "a subject behind the camera": _source("subject: {depth: -2}"),
    "a centre in no unit": _source("center: [256, 250px]"),
    "a unit of depth that is none": _source("depth: {file: a.npz, unit: feet}"),
    "depth without its file": _source("depth: {unit: mm}"),
    "a camera that looked down without a unit": _source("tilt: 12"),
    "a camera that lay on its side": _source("tilt: {left: 12deg}"),
    "cameras of the source": _source("cameras: a.json"),
    "a subject at a share": _source("subject_distance: 40%"),
    "a subject at no distance": _source("subject_distance: 0m"),
    "a rounded rate": _source("fps: 29.97"),
    "no rate": _source("fps: fast"),
    # output and synthesis
    "an output in another folder": _output("{file: ../a.mp4}"),
    "an output that is a list": _output("{file: [a.mp4]}"),
    "an output of another kind": _output("{file: a.avi}"),
    "an odd size": _output("{size: 513x512}"),
    "a size that is none": _output("{size: 512}"),
    "a size too large": _output("{size: 99999x512}"),
    "a misspelt fit": _output("{fit: crob}"),
    "an overscan too large": _output("{overscan: 60%}"),
    "an output that is a word": _output("a.mp4"),
    "an unknown engine": film("  - {name: a, synthesis: {engine: magic}}\n"),
    "a seed below 0": film("  - {name: a, synthesis: {seed: -1}}\n"),
    "an erosion in another unit": film("  - {name: a, synthesis: {erode: 5px}}\n"),
    "an erosion of too much": film("  - {name: a, synthesis: {erode: 500}}\n"),
    # shots
    "a name with a space": film("  - name: a b\n"),
    "names that differ in case": film("  - name: swing\n  - name: Swing\n"),
    "a shot without a name": film("  - clip: 0s..1s\n"),
    "an empty clip": film("  - {name: a, clip: 1s..1s}\n"),
    "a clip in percent": film("  - {name: a, clip: 30%..60%}\n"),
    "a clip that is no range": film("  - {name: a, clip: 3s}\n"),
    "half a frame": film("  - {name: a, clip: 0f..1.5f}\n"),
    "a clip before the beginning": film("  - {name: a, clip: -1s..1s}\n"),
    "a clip without end in sight": film("  - {name: a, clip: 0s..999999999s}\n"),
    "time that is none": film("  - {name: a, time: [], frames: 49f, boomerang: yes, blend: 1}\n"),
    "time beside a clip": film("  - {name: a, clip: 0s..1s, time: [{play: 0s..1s}]}\n"),
    "parts that are none": film(
        "  - {name: a, time: [{paly: 0s..1s}, {play: 0s..1s, freeze: 1s}, {play: 0s..1s, speed: 50%}]}\n"
    ),
    "speeds that are none": film(
        "  - {name: a, time: [{play: 0s..1s, speed: 0}, {play: 0s..1s, speed: -1}, {play: 0s..1s, speed: 1..}]}\n"
    ),
    "freezes that are none": film("  - {name: a, time: [{freeze: 0s, of: 1s}, {freeze: 12f}]}\n"),
    "a freeze before anything": film("  - {name: a, time: [{freeze: 1s}]}\n"),
    "no frames": film("  - {name: a, frames: 0}\n"),
    "a camera that is a number": film("  - {name: a, camera: 3}\n"),
    "a camera that is one move": film("  - {name: a, camera: {pan: 20deg}}\n"),
    # transitions
    "a dissolve longer than the shot": film(f"{SHOT}  - {{name: fly, clip: 0s..1.6s, transition: dissolve 2s}}\n"),
    "dissolves that meet": film(
        "".join(
            f"  - {{name: {name}, clip: 0s..1s, transition: {way}}}\n"
            for name, way in (("a", "cut"), ("b", "dissolve 0.5s"), ("c", "dissolve 0.5s"))
        )
    ),
    "a wipe longer than the shot before": film(f"{SHOT}  - {{name: b, clip: 0s..3s, transition: wipe up 2s}}\n"),
    "a fade of which half is too much": film(f"{SHOT}  - {{name: b, clip: 0s..1s, transition: fade 2.5s}}\n"),
    "a fade that meets the end": film("  - {name: a, clip: 0s..1s, transition: dip-white 0.75s}\n")
    + "end: fade 0.5s\n",
    "an end longer than the last shot": film(SHOT) + "end: fade 2s\n",
    "transitions of a shot of one frame": film(
        "  - {name: a, clip: 0s..0.04s}\n  - {name: b, transition: wipe left 0.1s}\n"
    ),
    "a dissolve into the first shot": film("  - {name: a, transition: dissolve 1s}\n"),
    "a wipe without a direction": film(f"{SHOT}  - {{name: b, transition: wipe 0.4s}}\n"),
    "a wipe without a duration": film(f"{SHOT}  - {{name: b, transition: wipe left}}\n"),
    "a wipe to somewhere": film(f"{SHOT}  - {{name: b, transition: wipe lfet 0.4s}}\n"),
    "a dissolve of no time": film(f"{SHOT}  - {{name: b, transition: dissolve}}\n"),
    "a transition of nothing": film(f"{SHOT}  - name: b\n    transition:\n"),
    "a misspelt transition": film(f"{SHOT}  - {{name: b, transition: disolve 1s}}\n"),
    "a dissolve of zero": film(f"{SHOT}  - {{name: b, transition: dissolve 0s}}\n"),
    # moves
    "an angle without a unit": one_shot("- orbit:\n          right: 60"),
    "two faults of one move": one_shot("- orbit: {right: 60, up: 89deg}"),
    "an unknown move": one_shot("- obrit: {right: 60deg}"),
    "a word that is like no move": one_shot("- teleport: 3"),
    "a move as a bare word": one_shot("- pan"),
    "no move": one_shot("- at: 0%..50%"),
    "a key of an item that is like no other": one_shot("- pan: 20deg\n  foo: 1"),
    "the word move": one_shot("- pan: 20deg\n  move: {hold: }"),
    "two moves in one item": one_shot("- pan: 20deg\n  tilt: 5deg"),
    "a crane that turns": one_shot("- crane: 20deg"),
    "a camera file without a file": one_shot("- file: {scale: 40%}"),
    "a camera file without a length": one_shot("- file: {file: a.npz, scale: 0%}"),
    "two files on top": one_shot("- file: {file: a.npz, mode: append}\n- file: {file: b.npz, mode: append}"),
    "a pan by a distance": one_shot("- pan: 20%"),
    "a tilt by a distance": one_shot("- tilt: {up: 20%}"),
    "a zoom by a share": one_shot("- zoom: 20%"),
    "a zoom to a lens": one_shot("- zoom: 70mm"),
    "a zoom without its end": one_shot("- zoom: 35mm.."),
    "a zoom beyond lenses": one_shot("- zoom: 54deg..1deg"),
    "a zoom by nothing": one_shot("- zoom: 0x"),
    "a dolly by an angle": one_shot("- dolly: 30deg"),
    "a truck by an angle": one_shot("- truck: {left: 30deg}"),
    "a dolly in metres": one_shot("- dolly: 0.5m"),
    "a move without its amount": one_shot("- dolly:"),
    "both directions": one_shot("- pan: {left: 20deg, right: 5deg}"),
    "a misspelt direction": one_shot("- dolly: {inn: 30%}"),
    "an orbit of nothing": one_shot("- orbit: {about: subject}"),
    "an orbit through its pivot": one_shot("- orbit: {closer: 100%}"),
    "an orbit over the top": one_shot("- orbit: {up: 90deg}"),
    "an orbit as an angle": one_shot("- orbit: 30deg"),
    "a place that is none": one_shot("- orbit: {right: 3deg, about: [1%]}"),
    "a hand too unsteady": one_shot("- handheld: {amount: -3}"),
    "a weight above 1": one_shot("- look-at: {target: subject, weight: 2}"),
    "a window that ends before it begins": one_shot("- pan: 20deg\n  at: 60%..20%"),
    "a window without units": one_shot("- pan: 20deg\n  at: 0.2..0.6"),
    "an ease that is none": one_shot("- pan: 20deg\n  ease: bouncy"),
    "an ease of nothing": one_shot("- pan: 20deg\n  ease:"),
    "an ease too strong": one_shot("- pan: 20deg\n  ease: in 11"),
    "a bezier outside its square": one_shot("- pan: 20deg\n  ease: {bezier: [0, 2, 0, 1]}"),
    "an ease on what takes none": one_shot("- handheld: {amount: 1}\n  ease: linear"),
    "two lenses at once": one_shot("- zoom: 35mm..70mm\n- dolly-zoom: 20%"),
    "two base cameras": one_shot("- path: {right: s}\n- path: {up: s}"),
    "a hold of something": one_shot("- hold: 3s"),
    "a space before the unit": one_shot("- pan: 20 deg"),
    "a word of YAML's own": one_shot("- pan: on"),
    "a time of YAML's own": one_shot("- pan: 30:00"),
    "a parameter outside a preset": one_shot("- pan: $angle"),
    "an exponent": one_shot("- pan: 1e3deg"),
    "a number without its zero": one_shot("- pan: .5deg"),
    "too many digits": one_shot("- pan: 1234567890123deg"),
    # splines and paths
    "a key without a time": one_shot("- spline: {keys: [{at: 0%}, {position: [0%, 0%, 0%]}]}"),
    "a time between the ends of an even path": one_shot(
        "- spline: {pace: constant, keys: [{at: 0%}, {at: 5%}, {at: 100%}]}"
    ),
    "keys out of order": one_shot("- spline: {keys: [{at: 40%}, {at: 20%}]}"),
    "a spline of one key": one_shot("- spline: {keys: [{at: 0%}]}"),
    "two aims of one key": one_shot(
        "- spline: {keys: [{at: 0%}, {at: 100%, look_at: subject, rotation: {pan: 3deg}}]}"
    ),
    "a position of two": one_shot("- spline: {keys: [{at: 0%}, {at: 100%, position: [1%, 2%]}]}"),
    "a position without units": one_shot("- spline: {keys: [{at: 0%}, {at: 100%, position: [1, 2%, 3]}]}"),
    "a formula that does not end": one_shot('- path: {right: "sin(s"}'),
    "a formula of an unknown name": one_shot("- path: {right: radius * s}"),
    "a path of nothing": one_shot("- path: {look_at: subject}"),
    "a parameter with the name of a function": one_shot("- path: {right: s, parameters: {sin: 1}}"),
    # presets
    "an unknown preset": one_shot("- use: orbit-rigth"),
    "a version that is not there": one_shot("- use: orbit-right@7"),
    "a preset that is no name": one_shot("- use: orbit-right@x"),
    "a parameter out of range": one_shot("- use: orbit-right\n  with: {angle: 200deg}"),
    "a misspelt parameter": one_shot("- use: orbit-right\n  with: {angel: 20deg}"),
    "a parameter in another unit": one_shot("- use: orbit-right\n  with: {angle: 20%}"),
    "a preset with an ease": one_shot("- use: orbit-right\n  ease: linear"),
    "a preset in a list of its own": one_shot("- use: [orbit-right]"),
    "parameters that are none": one_shot("- use: orbit-right\n  with: 60deg"),
    "a preset beside a move": one_shot("- use: orbit-right\n  pan: 20deg"),
    # several at once
    "everything at once": film("  - {name: a b, clip: 1s..1s, camera: [{pan: 3}, {obrit: 1}], transition: wipe}\n"),
}


def _written() -> str:
    return "\n".join(f"== {name}\n{error_text(text)}\n" for name, text in CASES.items())


def _golden() -> dict[str, str]:
    sections = GOLDEN.read_text(encoding="utf-8").split("== ")[1:]
    return {name: text.strip("\n") for name, _, text in (section.partition("\n") for section in sections)}


@pytest.mark.parametrize("name", CASES)
def test_the_text_of_a_fault(name: str) -> None:
    """What, where, and what to do, in exactly these words."""

    assert error_text(CASES[name]) == _golden()[name]


def test_every_recorded_text_has_its_case() -> None:
    """Nothing is left over from a case that is gone."""

    assert list(_golden()) == list(CASES)


if __name__ == "__main__":
    GOLDEN.write_text(_written(), encoding="utf-8")
