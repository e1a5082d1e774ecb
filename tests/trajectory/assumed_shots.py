"""A shot as a file states it, compiled for media that are assumed."""

from pathlib import Path

from ex4d.shotlist.load import parse
from ex4d.trajectory.assumed import compile_assumed


def read(more="", *, source="", output=""):
    """A shot list of one shot."""
    text = f"ex4d: 1\nsource: {{video: a.mp4{source}}}\noutput: {{{output}}}\nshots:\n  - {{name: a, {more}}}\n"
    return parse(text, Path("film.yaml"))


def assumed(more="", **stated):
    """The shot compiled, without its media."""
    film = read(more, **stated)
    return compile_assumed(film.shots[0], film.output)
