"""What is heard of the sources under the shots, and what is silent and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ex4d.edit.sequence import Segment
from ex4d.edit.soundtrack import Heard, Piece, place
from ex4d.media.probe import MediaInfo
from ex4d.media.sound import Sound, find_sound
from ex4d.progress import Progress
from ex4d.setups import Setup
from ex4d.trajectory.playback import sounding

_SILENT = "silent: "


@dataclass(frozen=True)
class SyncSound:
    """The sound of a film's sources under its shots."""

    shots: tuple[str, ...]
    """Their names, in order."""
    heard: tuple[tuple[Heard, ...], ...]
    """Under each shot."""
    words: tuple[str, ...]
    """Of each shot, for the user: where it sounds, or why it is silent."""

    def __str__(self) -> str:
        alike: dict[str, list[str]] = {}
        for shot, words in self.by_shot.items():
            alike.setdefault(words, []).append(shot)
        told = "; ".join(
            f"{', '.join(shots)} {words if len(shots) == 1 else words.replace('sounds', 'sound', 1)}"
            for words, shots in alike.items()
        )
        return f"none, as no shot sounds: {told}" if self.silent else f"the source's: {told}"

    @property
    def by_shot(self) -> dict[str, str]:
        """The words of each shot, by its name."""
        return dict(zip(self.shots, self.words, strict=True))

    @property
    def silent(self) -> bool:
        """Whether nothing is heard at all, so that the film has no sound track."""
        return not any(self.heard)

    def pieces(self, segments: Sequence[Segment], rate: Fraction) -> tuple[Piece, ...]:
        """Place what is heard in the film."""
        return place(segments, self.heard, rate)


def sync_sound_of(setups: Sequence[Setup]) -> SyncSound:
    """Find what is heard under each shot, and listen through it, so that nothing is found damaged after long work.

    Raises:
        MediaError: a source's sound cannot be decoded.
    """
    found: dict[tuple[object, ...], Sound | str] = {}
    heard, words = [], []
    for setup in setups:
        clip = setup.footage.clip
        which = (clip.path, clip.frame_rate)
        if which not in found:
            found[which] = find_sound(clip)
        stretches = _stretches(setup, found[which])
        for stretch in stretches:
            stretch.listen()
        heard.append(stretches)
        words.append(_in_words(setup, stretches, found[which], clip))
    return SyncSound(tuple(setup.shot.name for setup in setups), tuple(heard), tuple(words))


def _stretches(setup: Setup, sound: Sound | str) -> tuple[Heard, ...]:
    if isinstance(sound, str):
        return ()
    plain = sounding(setup.shot, setup.footage.scene)
    return tuple(Heard(sound, stretch.start, stretch.source, stretch.duration) for stretch in plain)


def _in_words(setup: Setup, stretches: Sequence[Heard], sound: Sound | str, clip: MediaInfo) -> str:
    if isinstance(sound, str):
        return f"{_SILENT}{clip.path.name} {sound}"
    if not stretches:
        return f"{_SILENT}nothing plays forwards at speed 1"
    length, step = setup.frame_count / setup.path.frame_rate, 1 / setup.path.frame_rate
    if sum(stretch.duration for stretch in stretches) > length - step:
        return "sounds throughout"
    spans = ", ".join(f"{float(s.start):.3g}s..{float(s.start + s.duration):.3g}s" for s in stretches)
    return f"sounds at {spans}"


def tell(found: SyncSound, progress: Progress) -> None:
    """Say which shots are silent, and why; and that there is no sound track where all are."""
    reasons: dict[str, list[str]] = {}
    for shot, words in found.by_shot.items():
        if words.startswith(_SILENT):
            reasons.setdefault(words.removeprefix(_SILENT), []).append(shot)
    for reason, shots in reasons.items():
        progress.say(f"sound: {', '.join(shots)} silent, because {reason}")
    if found.silent:
        progress.say("sound: no shot sounds, so the film has no sound track")
