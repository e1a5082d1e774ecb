"""Faults of preset files, of their lock and of their folder."""

from __future__ import annotations

from tests.shotlist.reading import one_shot

HOME = "trajectories"
USE = {"film.yaml": one_shot("- use: mine"), "media/a.mp4": ""}


def preset(camera: str, params: str = "{}", name: str = "mine") -> str:
    """The text of a preset."""
    return f"preset: {name}\nversion: 1\nex4d: 1\nabout: A test.\nparams: {params}\ncamera: {camera}\n"


def _mine(text: str | bytes, **others: str) -> dict[str, str | bytes]:
    return {**USE, f"{HOME}/mine/v1.yaml": text, **others}


def _chain(count: int) -> dict[str, str | bytes]:
    """Presets that each use the next."""
    return {
        f"{HOME}/p{n}/v1.yaml": preset(f"[{{use: p{n + 1}}}]" if n < count - 1 else "[{hold: }]", name=f"p{n}")
        for n in range(count)
    }


CASES = {
    "a preset that is empty": _mine(""),
    "a preset that is no text": _mine(b"\xff\xfe"),
    "a preset that states another name": _mine(preset("[{hold: }]", name="yours")),
    "a preset of another version": _mine(preset("[{hold: }]").replace("version: 1", "version: 2")),
    "a preset without moves": _mine(preset("3")),
    "parameters that are a list": _mine(preset("[{hold: }]", "[angle]")),
    "a parameter that is no name": _mine(preset("[{hold: }]", "{Angle-1: {default: 1deg}}")),
    "a parameter without a number": _mine(preset("[{hold: }]", "{angle: {default: []}}")),
    "a parameter of two units": _mine(preset("[{hold: }]", "{angle: {default: 1deg, min: 1%}}")),
    "a default out of range": _mine(preset("[{hold: }]", "{angle: {default: 90deg, max: 45deg}}")),
    "a fault inside a preset": _mine(preset("[{pan: 20%}]")),
    "a second base camera from a preset": {
        **_mine(preset("[{path: {right: s}}]")),
        "film.yaml": one_shot("- path: {up: s}\n- use: mine"),
    },
    "a window of a preset in seconds": _mine(preset("[{pan: 20deg, at: 0s..1s}]")),
    "a window of a nested preset in seconds": _mine(preset("[{use: push-in, at: 0s..1s}]")),
    "a preset that uses itself": _mine(preset("[{use: mine}]")),
    "presets nested too deep": {**_chain(10), **USE, "film.yaml": one_shot("- use: p0")},
    "the name of a built-in preset": {
        **USE,
        f"{HOME}/orbit-right/v1.yaml": preset("[{hold: }]", name="orbit-right"),
        "film.yaml": one_shot("- use: orbit-right"),
    },
    "a released preset that changed": _mine(preset("[{hold: }]"), **{f"{HOME}/lock.json": '{"mine@1": "0"}'}),
    "a lock that is no JSON": _mine(preset("[{hold: }]"), **{f"{HOME}/lock.json": "{"}),
    "a lock of brackets": _mine(preset("[{hold: }]"), **{f"{HOME}/lock.json": "[" * 100_000}),
    "a lock that is a list": _mine(preset("[{hold: }]"), **{f"{HOME}/lock.json": "[1]"}),
    "a lock too large": _mine(preset("[{hold: }]"), **{f"{HOME}/lock.json": " " * (1 << 21)}),
    "a folder where a lock belongs": _mine(preset("[{hold: }]"), **{f"{HOME}/lock.json/mine": ""}),
    "a name with a folder": {**USE, "film.yaml": one_shot("- use: ../../mine@1")},
    "media that are not there": {"film.yaml": one_shot("- hold"), "media/b.mp4": ""},
}
