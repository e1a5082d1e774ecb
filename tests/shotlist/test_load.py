"""What a shot list means once it is read."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import ShotFileError
from ex4d.media.local_files import files_of
from ex4d.shotlist.load import load, parse
from ex4d.shotlist.model import (
    Center,
    DepthFile,
    DepthModel,
    Dolly,
    DollyZoom,
    Ease,
    Handheld,
    Hold,
    ImagePoint,
    LensSpec,
    LookAt,
    Nearest,
    Orbit,
    Pan,
    Pedestal,
    Position,
    Roll,
    ShotList,
    SpacePoint,
    Spline,
    Subject,
    SubjectDepth,
    Tilt,
    Truck,
    Zoom,
)  # fmt: skip
from ex4d.shotlist.model import (
    Path as PathMove,
)
from tests.shotlist.reading import FILE, camera, film, messages, one_shot, outcome

DEG = math.pi / 180


@pytest.mark.parametrize(
    ("item", "move"),
    [
        ("hold", Hold()),
        ("hold:", Hold()),
        ("pan: 20deg", Pan(angle=20 * DEG)),
        ("pan: {right: 20deg}", Pan(angle=20 * DEG)),
        ("pan: {left: 20deg}", Pan(angle=-20 * DEG)),
        ("tilt: {down: -20deg}", Tilt(angle=20 * DEG)),
        ("roll: {counterclockwise: 0.5rad}", Roll(angle=-0.5)),
        ("dolly: 0.4x", Dolly(distance=0.4)),
        ("dolly: {out: 40%}", Dolly(distance=-0.4)),
        ("truck: {left: 10%}", Truck(distance=-0.1)),
        ("pedestal: -10%", Pedestal(distance=-0.1)),
        ("dolly-zoom: 40%", DollyZoom(distance=0.4)),
        ("orbit: {left: 30deg, down: 5deg, farther: 20%}", Orbit(right=-30 * DEG, up=-5 * DEG, closer=-0.2)),
        ("orbit: {right: 1rad, about: [50%, 60%]}", Orbit(right=1.0, about=ImagePoint(x=0.5, y=0.6))),
        (
            "orbit: {right: 1rad, about: [10%, -20%, 1x]}",
            Orbit(right=1.0, about=SpacePoint(right=0.1, up=-0.2, inward=1.0)),
        ),
        ("zoom: 2x", Zoom(factor=2.0)),
        ("zoom: {out: 2x}", Zoom(factor=0.5)),
        ("zoom: 35mm..70mm", Zoom(start=LensSpec(kind="mm", value=35), end=LensSpec(kind="mm", value=70))),
        ("zoom: ..30deg", Zoom(end=LensSpec(kind="angle", value=30 * DEG))),
        ("look-at: subject", LookAt(target=Subject())),
        (
            "look-at: {target: subject, frame: center, weight: 0.5}",
            LookAt(target=Subject(), weight=0.5, frame=(0.5, 0.5)),
        ),
        (
            "look-at: {target: [1%, 2%], frame: [33%, 50%]}",
            LookAt(target=ImagePoint(x=0.01, y=0.02), frame=(0.33, 0.5)),
        ),
        ("handheld", Handheld()),
        (
            "handheld: {amount: 0.4, frequency: 2Hz, seed: 7, settle: 0.5s}",
            Handheld(amount=0.4, frequency=2.0, seed=7, settle=Fraction(1, 2)),
        ),
    ],
)
def test_what_a_move_means(item: str, move: object) -> None:
    """Positive is right, up, in, clockwise; amounts are radians and shares of the subject's distance."""
    (found,) = camera(f"- {item}")

    for name, value in found.move:
        expected = getattr(move, name)
        assert value == pytest.approx(expected, rel=1e-15) if isinstance(value, float) else value == expected
    assert type(found.move) is type(move)


@pytest.mark.parametrize(
    ("written", "ease"),
    [
        ("linear", Ease(kind="linear")),
        ("in-out", Ease(kind="smooth")),
        ("in-out 2", Ease(kind="in-out", power=2)),
        ("in", Ease(kind="in", power=2)),
        ("out 3.5", Ease(kind="out", power=3.5)),
        ("{in: 3}", Ease(kind="in", power=3)),
        ("{bezier: [0.3, 0, 0.7, 1]}", Ease(kind="bezier", points=(0.3, 0.0, 0.7, 1.0))),
    ],
)
def test_what_an_ease_means(written: str, ease: Ease) -> None:
    """``in-out`` alone is the smooth default, with a power it is the power's."""

    assert camera(f"- pan: 1deg\n  ease: {written}")[0].ease == ease


def test_an_ease_that_is_left_out_is_left_to_the_move() -> None:
    """The compiler decides: smooth, or linear for spline and path."""

    assert camera("- pan: 1deg")[0].ease is None


def test_a_spline_and_a_path() -> None:
    """Keys keep what they leave out; formulas are parsed."""
    spline, path = (
        camera(
            "- spline: {pace: constant, keys: [{at: 0%}, {rotation: {pan: 3deg}}, {at: 100%, lens: 1.4x}]}\n- pan: 1deg"
        )[0].move,
        camera("- path: {in: r * s, look_at: subject, parameters: {r: 40%}}")[0].move,
    )

    assert isinstance(spline, Spline)
    assert [key.at is None for key in spline.keys] == [False, True, False]
    assert spline.keys[1].rotation is not None
    assert spline.keys[1].rotation.pan == pytest.approx(3 * DEG)
    assert isinstance(path, PathMove)
    assert path.formulas.keys() == {"in"}
    assert path.parameters == {"r": 0.4}


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("center", Center()),
        ("nearest", Nearest()),
        ("[50%, 60%]", ImagePoint(x=0.5, y=0.6)),
        ("{depth: 2.7}", SubjectDepth(depth=2.7)),
    ],
)
def test_what_a_subject_means(written: str, subject: object) -> None:
    """Four ways to say where it is."""

    assert parse(film(f"  - {{name: a, source: {{subject: {written}}}}}\n"), FILE).shots[0].source.subject == subject


@pytest.mark.parametrize(("written", "erode"), [("5", 5), ("0", 0), ("random", None)])
def test_erosion_is_whole_pixels_or_random(written: str, erode: int | None) -> None:
    film = parse(
        f"ex4d: 1\nsource: {{video: a.mp4}}\nsynthesis: {{erode: {written}}}\nshots:\n  - name: a\n", Path("a.yaml")
    )
    assert film.shots[0].synthesis.erode == erode
    assert type(film.shots[0].synthesis)(erode=erode).erode == erode


def test_a_shot_overrides_any_key_of_the_source_and_keeps_the_others() -> None:
    """Merged key by key; a depth is replaced as a whole."""
    text = """\
ex4d: 1
source: {video: media/a.mp4, depth: media/a.npz, lens: 35mm}
synthesis: {seed: 7, prompt: dusk}
shots:
  - name: a
  - name: b
    source: {lens: auto, depth: {model: depthcrafter}}
    synthesis: {prompt: ""}
  - name: c
    source:
"""
    first, second, third = parse(text, FILE).shots

    assert first.source.depth == DepthFile(file=(FILE.parent / "media/a.npz").absolute())
    assert first.source.lens == LensSpec(kind="mm", value=35.0)
    assert second.source.video == first.source.video == (FILE.parent / "media/a.mp4").absolute()
    assert second.source.lens == "auto"
    assert second.source.depth == DepthModel(model="depthcrafter")
    assert (second.synthesis.seed, second.synthesis.prompt) == (7, "")
    assert third.source == first.source


def test_what_is_left_out_has_its_default() -> None:
    """A list of one named shot is a film."""
    shots = parse("ex4d: 1\nsource: {video: a.mp4}\nshots:\n  - name: a\n    camera:\n", FILE)
    (shot,) = shots.shots

    assert shot.camera == ()
    assert shot.clip is None
    assert shot.transition.kind == "cut"
    assert shot.source.lens is None
    assert shots.output.fps is None
    assert shots.output.fit == "crop"


def test_clips_run_forwards_and_to_the_end() -> None:
    """Seconds and frames of the source, exactly."""
    text = film("  - {name: a, clip: 0.1s..1.6s}\n  - {name: b, clip: 48f..96f}\n  - {name: c, clip: 3s..}\n")
    clips = [shot.clip for shot in parse(text, FILE).shots]

    assert [clip.duration(Fraction(24)) for clip in clips if clip] == [Fraction(3, 2), Fraction(2), None]
    assert clips[1] is not None
    assert clips[1].duration(None) is None
    assert clips[1].start == Position(value=Fraction(48), unit="f")


@pytest.mark.parametrize("clip", ["30f..24f", "1s..0s"])
def test_a_clip_whose_end_comes_first_plays_the_same_stretch(clip: str) -> None:
    """It plays backwards, and lasts as long."""
    start, end = clip.split("..")
    (backwards,) = parse(film(f"  - name: a\n    clip: {clip}\n"), FILE).shots
    (forwards,) = parse(film(f"  - name: a\n    clip: {end}..{start}\n"), FILE).shots

    assert backwards.clip is not None and forwards.clip is not None
    assert (backwards.clip.start, backwards.clip.end) == (forwards.clip.end, forwards.clip.start)
    assert backwards.duration(Fraction(24), None) == forwards.duration(Fraction(24), None)


def _shuffled(draw: st.DrawFn, value: object) -> object:
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: _shuffled(draw, value[key]) for key in keys}
    return [_shuffled(draw, item) for item in value] if isinstance(value, list) else value


@st.composite
def _orders(draw: st.DrawFn) -> str:
    text = one_shot(
        "- {pan: 20deg, at: 20%..60%, ease: in 3}\n"
        "- {use: orbit-right@1, with: {angle: 60deg}, at: 5%..50%}\n"
        "- orbit: {right: 3deg, up: 4deg, about: [50%, 60%]}\n"
        "- spline: {pace: constant, keys: [{at: 0%}, {at: 100%, position: [35%, 10%, 0%], lens: 1.4x}]}",
        more="    transition: cut\n    source: {lens: 35mm, depth: {file: a.npz, unit: mm}}\n",
    )
    return yaml.safe_dump(_shuffled(draw, yaml.load(text, Loader=yaml.BaseLoader)), sort_keys=False)  # noqa: S506


@settings(derandomize=True, deadline=None, max_examples=25)
@given(_orders())
def test_the_order_of_keys_never_matters(text: str) -> None:
    """A shot is declared, not programmed."""

    assert parse(text, FILE) == parse(one_shot(
        "- {pan: 20deg, at: 20%..60%, ease: in 3}\n"
        "- {use: orbit-right@1, with: {angle: 60deg}, at: 5%..50%}\n"
        "- orbit: {right: 3deg, up: 4deg, about: [50%, 60%]}\n"
        "- spline: {pace: constant, keys: [{at: 0%}, {at: 100%, position: [35%, 10%, 0%], lens: 1.4x}]}",
        more="    transition: cut\n    source: {lens: 35mm, depth: {file: a.npz, unit: mm}}\n",
    ), FILE)  # fmt: skip


def test_faults_of_all_shots_and_kinds_come_at_once_in_the_order_of_the_file() -> None:
    """A fault hides no other, and a default's fault is told once however many shots inherit it."""
    text = "ex4d: 1\nsource: {video: a.mp4, lens: 54}\nshots:\n  - {name: a, clip: 0s..1s}\n"
    text += "  - {name: A, camera: [{pan: 3}], transition: dissolve 2s}\n  - {name: c, clap: 0s..1s}\n"

    assert messages(text) == [
        "'54' has no unit; write 54deg, or 54mm",
        "'A' is the name of shots[0] too; names must differ in more than case",
        "'3' has no unit; write 3deg",
        "a dissolve of 2s leaves nothing of shot 'a' (1s); at most 0.9s",
        "unknown key 'clap'; did you mean 'clip'?",
    ]


def test_a_misspelt_camera_is_read_like_a_camera() -> None:
    """Its presets are expanded too, so that their faults are told at once."""
    text = film("  - name: a\n    camra: [{use: reveal}, {use: nothing-like-it}]\n")

    first, second = messages(text)
    assert first == "unknown key 'camra'; did you mean 'camera'?"
    assert second.startswith("unknown preset 'nothing-like-it'")


def test_defaults_that_no_shot_uses_are_checked_too() -> None:
    """Else the fault would wait for the shot that needs them."""
    text = "ex4d: 1\nsource: {lens: 54}\nshots:\n  - {name: a, source: {video: a.mp4, lens: 35mm}}\n"

    assert messages(text) == ["'54' has no unit; write 54deg, or 54mm"]


def test_media_that_are_not_there_are_faults_of_load(tmp_path: Path) -> None:
    """Of a file, a glob and a depth file; nothing is opened, so an empty file will do."""
    text = film("  - name: a\n  - {name: b, source: {video: 'fr/*.png', fps: 6, depth: {file: d.npz}}}\n")
    (tmp_path / "list.yaml").write_text(text)
    with pytest.raises(ShotFileError) as caught:
        load(tmp_path / "list.yaml")
    assert [fault.path for fault in caught.value.faults] == [
        "source.video", "shots[1].source.video", "shots[1].source.depth.file",
    ]  # fmt: skip
    for name in ("media/a.mp4", "fr/1.png", "d.npz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert len(load(tmp_path / "list.yaml").shots) == 2


def test_the_name_of_a_missing_file_is_answered_with_the_nearest(tmp_path: Path) -> None:
    """A slip of the pen is the commonest reason."""
    (tmp_path / "list.yaml").write_text("ex4d: 1\nsource: {video: courtyrad.mp4}\nshots:\n  - name: a\n")
    (tmp_path / "courtyard.mp4").touch()

    with pytest.raises(ShotFileError, match=r"'courtyrad\.mp4' is not there; did you mean 'courtyard\.mp4'\?"):
        load(tmp_path / "list.yaml")


@pytest.mark.parametrize("name", ["x" * 5000, "**.png", "a/**x/b*", "[", "list.yaml/x.mp4", "..", "\U0001f3a5.mp4"])
def test_a_name_that_no_file_can_have_is_a_fault(tmp_path: Path, name: str) -> None:
    """Looking for it must not crash."""
    (tmp_path / "list.yaml").write_text(f"ex4d: 1\nsource: {{video: '{name}'}}\nshots:\n  - name: a\n")

    with pytest.raises(ShotFileError, match=r"is not there|are images"):
        load(tmp_path / "list.yaml")


def test_a_folder_of_images_needs_a_rate(tmp_path: Path) -> None:
    """Images have none of their own; with one, a folder is a source."""
    (tmp_path / "list.yaml").write_text("ex4d: 1\nsource: {video: fr}\nshots:\n  - name: a\n")
    (tmp_path / "fr").mkdir()

    with pytest.raises(ShotFileError, match="'fr' are images, which have no rate of their own; write fps: 24"):
        load(tmp_path / "list.yaml")


def test_reading_loads_no_heavy_library() -> None:
    """``ex4d check`` must answer at once."""
    import subprocess
    import sys

    code = "import sys, ex4d.shotlist.load; print(*{m.partition('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()

    assert not {"scipy", "numba", "av", "matplotlib", "imageio", "torch", "typer", "rich"} & set(loaded)


@pytest.mark.parametrize(("fps", "sound"), [("", True), (", fps: 24", True), (", fps: 25", False)])
def test_dissolves_are_refused_at_the_rate_that_is_stated_only(fps: str, sound: bool) -> None:
    """At 24 a second 0.1s, 0.1s and 0.2s are 2, 2 and 5 frames; at 25 they are 3, 3 and 5."""
    shots = [f"{{name: {name}, clip: 0s..{length}, transition: {entering}}}" for name, length, entering in (
        ("a", "2s", "cut"), ("b", "0.2s", "dissolve 0.1s"), ("c", "2s", "dissolve 0.1s"))]  # fmt: skip
    text = f"ex4d: 1\nsource: {{video: a.mp4{fps}}}\nshots: [{', '.join(shots)}]\n"

    assert isinstance(outcome(text), ShotList) is sound


def test_a_playlist_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    file = tmp_path / "film.yaml"
    file.write_text("ex4d: 1\nsource: {video: list.m3u8}\nshots:\n  - name: a\n", encoding="utf-8")
    with pytest.raises(ShotFileError) as found:
        load(file)

    assert [fault.message for fault in found.value.faults] == ["'list.m3u8' is a playlist; name the media file itself"]


@pytest.mark.parametrize(
    ("video", "sound"),
    [
        ("take[1]/*.png", True),
        ("take[1]/[ab].png", True),
        ("take[1]", True),
        ("take1/*.png", True),
        ("take?/*.png", False),
    ],
)
def test_signs_are_a_pattern_in_the_last_part_only(tmp_path: Path, video: str, sound: bool) -> None:
    """And what is found when the file is checked is what will be read."""
    for folder in ("take[1]", "take1"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").touch()
        (tmp_path / folder / ".b.png").touch()
    file = tmp_path / "film.yaml"
    file.write_text(f"ex4d: 1\nsource: {{video: '{video}', fps: 24}}\nshots:\n  - name: a\n", encoding="utf-8")
    if sound:
        found = files_of(load(file).shots[0].source.video, (".png",))
        assert [str(image.relative_to(tmp_path)) for image in found] == [f"{video.split('/', maxsplit=1)[0]}/a.png"]
    else:
        with pytest.raises(ShotFileError, match="is not there"):
            load(file)


def test_hidden_images_alone_are_no_images(tmp_path: Path) -> None:
    (tmp_path / ".b.png").touch()
    file = tmp_path / "film.yaml"
    file.write_text("ex4d: 1\nsource: {video: '*.png', fps: 24}\nshots:\n  - name: a\n", encoding="utf-8")
    with pytest.raises(ShotFileError, match="is not there"):
        load(file)
