"""Every hostile case that the language and the design name, in one table: each is answered, soon, in its own words.

Files that are no YAML and what is no regular file stand in test_hostile_files; hostile camera files in
tests/trajectory/test_file_move; hostile media in tests/media.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ex4d.errors import ShotFileError
from ex4d.preflight.check import check
from tests.shotlist.error_cases.preset_files import HOME, preset
from tests.shotlist.reading import checked_text, error_text, film, one_shot, outcome

SECONDS = 1.0
"""Of the processor, for one file; the checks that tests run under make that some ten times as many."""


def _shot(keys: str) -> str:
    return film(f"  - {{name: a, {keys}}}\n")


def _video(path: str) -> str:
    return _shot(f'clip: 0s..1s, source: {{video: "{path}"}}')


def _output(name: str) -> str:
    return film("  - {name: a}\n").replace("fps: 24", f"file: {name}")


REFUSED = {
    # the file: more in test_hostile_files
    "a bomb of aliases": ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases are not part"),
    "a merge key": (film("  - {name: a, <<: {clip: 0s..1s}}\n"), "merge keys are not part"),
    "a duplicate key": (film("  - {name: a, name: b}\n"), "'name' stands here twice"),
    "a tag that runs": (_shot("clip: !!python/object/apply:os.system [ls]"), "tags are not part"),
    "a set": (film("  - {name: a, ? clip}\n"), "is not a range"),
    "an object of JSON's": (_shot('clip: {"$ref": "#"}'), "is not a range"),
    "100000 brackets": ("[" * 100_000, "nested more than 50 deep"),
    "51 brackets": ("a: " + "[" * 50 + "]" * 50, "nested more than 50 deep"),
    "10001 values": ("a: [" + "1, " * 10_001 + "]", "more than 10000 values"),
    "a byte more than 1 MiB": ("#" * ((1 << 20) + 1), "more than 1 MiB"),
    "1001 shots": (film("".join(f"  - {{name: s{n}}}\n" for n in range(1001))), "at most 1000"),
    "a null byte": ("ex4d: 1\ntitle: a\x00b\n", "U+0000 is not allowed"),
    "an escape that moves a terminal": (_shot(r'clip: "\e[2J"'), r"\x1b[2J"),
    "a mark that turns the writing round": (_shot("clip: '\u202e0s..1s'"), r"\u202e"),
    # YAML's own types
    "on": (one_shot("- pan: on"), "'on' is not an angle"),
    "no": (film("  - {name: a, blend: no}\n"), "neither true nor false"),
    "sexagesimal": (_shot("clip: 30:00"), "'30:00' is not a range"),
    "octal": (_shot("clip: 0s..010"), "'010' has no unit"),
    "a timestamp": (_shot("clip: 2001-12-14"), "is not a range"),
    "null": (one_shot("- pan: ~"), "'~' is not an angle"),
    "infinity": (one_shot("- pan: .inf"), "'.inf' is not"),
    "glued braces": (one_shot("- {at:50%}"), "put a space after the colon: at: 50%"),
    # numbers
    "an exponent": (one_shot("- pan: 1e10000000deg"), "is not written as numbers are here"),
    "13 digits": (one_shot("- pan: 1234567890123deg"), "more than 12 digits"),
    "a megabyte of digits": (one_shot("- pan: " + "9" * 900_000 + "deg"), "more than 12 digits"),
    "digits of another writing": (one_shot("- pan: ٣deg"), "is not a"),
    "a rate that is none": (film("  - {name: a}\n").replace("24", "1/0"), "is not a frame rate"),
    # time
    "1e12 seconds": (_shot("clip: 0s..999999999999s"), "longer than 100000 frames"),
    "100001 frames": (_shot("clip: 0f..100001f, source: {fps: 24}"), "longer than 100000 frames"),
    "100001 frames asked for": (_shot("frames: 100001"), "a shot has 1 to 100000 frames"),
    "100000 frames there and back": (_shot("clip: 0s..4166s, boomerang: true"), "longer than 100000 frames"),
    "frames that are slowed": (_shot("time: [{play: 0s..4000s, speed: 0.01}]"), "longer than 100000 frames"),
    "a freeze of 1e12 seconds": (_shot("time: [{play: 0s..1s}, {freeze: 999999999999s}]"), "longer than 100000 frames"),
    "a ramp to nothing": (_shot("time: [{play: 0s..1s, speed: 1..0}]"), "never ends"),
    "a speed beyond all": (_shot("time: [{play: 0s..1s, speed: 999999999999}]"), "0.01 to 100"),
    "101 parts": (_shot(f"time: [{'{play: 0s..1s}, ' * 101}]"), "at most 100"),
    # media and names
    "an address": (_video("http://example.org/a.mp4"), "is not a local file"),
    "a file address": (_video("file:///etc/passwd"), "is not a local file"),
    "a list of parts": (_video("concat:a.mp4|b.mp4"), "is not a local file"),
    "a filter": (_video("lavfi:testsrc"), "is not a local file"),
    "a pipe by protocol": (_video("pipe:0"), "is not a local file"),
    "a protocol with options": (_video("subfile,,start,0,end,9,,:a.mp4"), "is not a local file"),
    "a playlist": (_video("a.m3u8"), "is a playlist"),
    "a playlist in capitals": (_video("A.FFCONCAT"), "is a playlist"),
    "a control character in a path": (_video(r"a\tb.mp4"), "has control characters"),
    "an output in another folder": (_output("../a.mp4"), "plain file name"),
    "an absolute output": (_output("/etc/a.mp4"), "plain file name"),
    "an output that hides": (_output(".a.mp4"), "plain file name"),
    "an output of Windows": (_output(r"a\b.mp4"), "plain file name"),
    "a shot that is a folder": (film("  - {name: ../a}\n"), "is not a shot name"),
    "a shot of 65 letters": (film(f"  - {{name: {'a' * 65}}}\n"), "is not a shot name"),
    "shots equal but for case": (film("  - {name: Swing}\n  - {name: sWING}\n"), "differ in more than case"),
    "a shot in another writing": (film("  - {name: naïve}\n"), "is not a shot name"),
    # presets and formulas
    "a preset in another folder": (one_shot("- use: ../../etc/passwd@1"), "unknown preset"),
    "a preset of a huge version": (one_shot("- use: push-in@9999999"), "needs a preset"),
    "a preset by a mapping": (one_shot("- use: {a: b}"), "needs a preset"),
    "huge parameters": (
        one_shot(f"- use: push-in\n  with: {{{', '.join(f'p{n}: 1' for n in range(4000))}}}"),
        "has no parameter 'p0'",
    ),
    "code as a formula": (one_shot("- path: {right: \"__import__('os').system('ls')\"}"), "was not expected"),
    "an attribute in a formula": (one_shot("- path: {right: s.__class__}"), "was not expected"),
    "a deep formula": (one_shot(f"- path: {{right: {'(' * 400}s{')' * 400}}}"), "nested more than 20 deep"),
    "signs without end": (one_shot(f"- path: {{right: {'-' * 900}s}}"), "nested more than 20 deep"),
    "a long formula": (one_shot(f"- path: {{right: {'s+' * 5000}s}}"), "at most 1000 characters"),
    "powers of powers": (one_shot(f"- path: {{right: {'9 ^ ' * 30}9}}"), "nested more than 20 deep"),
}  # fmt: skip

SOUND = {
    "1000 shots": film("".join(f"  - {{name: s{n}, clip: 0s..1s}}\n" for n in range(1000))),
    "100000 frames": _shot("clip: 0f..100000f, source: {fps: 24}"),
    "12 digits": one_shot("- pan: 0.12345678901deg"),
    "a name like a word of YAML's": film("  - {name: on}\n  - {name: 'null'}\n  - {name: 010}\n"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_answered_soon(name: str) -> None:
    """In words that say what it is, all of which can be printed."""
    text, says = REFUSED[name]
    start = time.process_time()
    told = error_text(text)

    assert time.process_time() - start < 10 * SECONDS
    assert says in told
    assert told.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", SOUND)
def test_what_is_just_within_the_limits_is_read(name: str) -> None:
    """A limit is where it is said to be."""

    assert not isinstance(outcome(SOUND[name]), ShotFileError)


HOSTILE_FOLDERS = {
    "a huge power in a formula": ("- path: {right: 9 ^ 9 ^ 9 ^ s}", {}, "has no finite value"),
    "a value of a preset that no float holds": (
        "- use: p0",
        {
            f"{HOME}/p{n}/v1.yaml": preset(
                f"[{{use: p{n + 1}, with: {{n: $(n * 999999999999)}}}}]" if n < 6 else "[{pan: $(n * 1deg)}]",
                "{n: {default: 999999999999}}",
                f"p{n}",
            )
            for n in range(7)
        },
        "amounts to more than 12 digits",
    ),
    "division by a parameter of 0": (
        "- use: mine\n  with: {n: 0}",
        {f"{HOME}/mine/v1.yaml": preset("[{pan: $(1deg / n)}]", "{n: {default: 1}}")},
        "division by zero",
    ),
    "a lock that is a folder": (
        "- use: mine",
        {f"{HOME}/mine/v1.yaml": preset("[{pan: 99}]"), f"{HOME}/lock.json/a": ""},
        "lock.json is not a lock file: it is no regular file",
    ),
    "a preset that is a folder": ("- use: mine", {f"{HOME}/mine/v1.yaml/a": ""}, "unknown preset 'mine'"),
    "a version beyond all": ("- use: mine", {f"{HOME}/mine/v99999999.yaml": ""}, "unknown preset 'mine'"),
}


@pytest.mark.parametrize("name", HOSTILE_FOLDERS)
def test_a_hostile_folder_is_answered(tmp_path: Path, name: str) -> None:
    """What a project's folder holds is as hostile as its files."""
    camera, files, says = HOSTILE_FOLDERS[name]

    assert says in checked_text({**files, "film.yaml": one_shot(camera), "media/a.mp4": ""}, tmp_path)


def test_links_are_followed_to_files_and_never_round(tmp_path: Path) -> None:
    """A link to itself is no file; a preset folder that is a link is a folder."""
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(ShotFileError, match="the file cannot be read"):
        check(tmp_path / "loop.yaml")

    checked_files = {"elsewhere/mine/v1.yaml": preset("[{pan: 99}]"), "film.yaml": one_shot("- use: mine")}
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / HOME).symlink_to("elsewhere")
    assert "'99' has no unit" in checked_text({**checked_files, "media/a.mp4": ""}, tmp_path)
