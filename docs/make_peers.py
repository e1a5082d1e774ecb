"""Make the page of the peers' moves: ``python -m docs.make_peers``.

Every figure is measured: the presets are compiled, and compared with the peers' formulas in ``tests/trajectory/peers``.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from tests.trajectory.peers.cameras import Differences, Peer, PeerMove, differences
from tests.trajectory.peers.compared import PEERS, ours

PAGE = Path(__file__).parent / "peers.md"
HEAD = ("theirs", "what its formula computes", "ours", "turn", "place", "lens", "we part", "left")
SMALLEST = {"deg": 0.005, "percent": 0.05}
"""Below these a difference is written as 0."""

INTRODUCTION = """\
# The peers' moves

<!-- Made by `python -m docs.make_peers`: change that, and not this page. -->

Other tools that send a camera through a video have a dozen moves each, by names that mean different things: `zoom in`
is a dolly in three of them, and `pan` a truck in one. Here they all are, as presets by the peer's name and the peer's
word. `ex4d presets show recammaster-arc-left` prints one. Use it as any preset, alone or with moves of your own on top:

```yaml
ex4d: 1
source: {video: media/courtyard.mp4}
shots:
  - name: theirs
    clip: 0s..2s
    camera:
      - use: recammaster-arc-left@1
  - name: closer
    clip: 2s..4s
    camera:
      - use: trajectorycrafter-pan-right@1
        with: {distance: 1, unit: 30%}
      - handheld: {amount: 0.3}
```

**Units.** Our lengths are shares of the subject's distance. Where a peer's are metres or units of its depth, `unit`
says what one of them is in subject distances; each section says what its default rests on. Their moves run evenly in
time, and so do these.

**The figures** are the largest differences over all frames between the preset's cameras and what the peer's own formula
computes as released, for a centred subject and as many frames as the peer makes: how far the head is turned, how far
away the camera stands (of the subject's distance), how much the focal length differs. Where we part, a letter says so:
it stands below the table with what is wrong or different there and what ours does instead. The last column is what is
left of the difference without that. The formulas, in `tests/trajectory/peers`, are written anew from the peers' code;
run beside it, they give its cameras to single precision, and ReCamMaster's to the last digit of its file.
"""

LEFT_OUT = """\
## What has no preset, or should not be used as it is

- Stable Virtual Camera's paths between several photographs: a shot here has one video.
- `seva-orbit`, `uni3c-orbit` and `uni3c-free5` can be said, but turn further than 90° from the source view, which has
  shown nothing of what is there: `ex4d plan` warns. Give the orbits a smaller `angle`.
- How a peer runs time (TrajectoryCrafter's `direct` and `bullet`) is no move: write `time` with a `freeze`.
- The scaling of Stable Virtual Camera (`camera_scale`) is for a model that has no depth. Here there is depth, and a
  move is as long as it is written.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, *map(section, PEERS), LEFT_OUT])


def section(peer: Peer) -> str:
    """Return what is to be said of one peer: its lengths, its moves, where we part."""
    notes = [f"- **{letter}** {note}" for letter, note in peer.notes.items()] + [f"- {each}" for each in peer.unsaid]
    return "\n".join([
        f"## {peer.name}", "", wrapped(peer.distance), "",
        f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}", *(row(move) for move in peer.moves),
        "", *map(wrapped, notes), "", wrapped(f"Read in {peer.sources}."), "",
    ])  # fmt: skip


def wrapped(text: str) -> str:
    """Break a paragraph or an item of a list into lines."""
    indent = "  " if text.startswith("- ") else ""
    return fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def row(move: PeerMove) -> str:
    """Return a line of the table."""
    cameras = ours(move)
    found = measured(differences(cameras, move.theirs))
    left = measured(differences(cameras, move.wanted))
    rest = "0" if set(left) == {"0"} else ", ".join(left)
    cells = [move.asked, move.computes, preset(move), *found, move.faults or "–", rest]
    return f"| {' | '.join(cells)} |"


def preset(move: PeerMove) -> str:
    """Return the preset with the parameters that it is given."""
    given = ", ".join(f"{name}: {value}" for name, value in move.given.items())
    return f"`{move.preset}`" + (f" `{{{given}}}`" if given else "")


def measured(found: Differences) -> tuple[str, str, str]:
    """Write differences for the reader."""
    turn = f"{found.turn_deg:.2f}°" if found.turn_deg >= SMALLEST["deg"] else "0"
    shares = [100.0 * share for share in (found.place, found.lens)]
    place, lens = (f"{share:.1f} %" if share >= SMALLEST["percent"] else "0" for share in shares)
    return turn, place, lens


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
