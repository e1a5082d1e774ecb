"""When each frame of a video is on screen, read from its packets."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ex4d.errors import MediaError
from ex4d.media.local_files import MOST_FILES

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_WHOLE_RATES = (12, 15, 16, 24, 25, 30, 48, 50, 60, 120, 240)
_NTSC_RATES = (24, 30, 60, 120)
USUAL_RATES = (*map(Fraction, _WHOLE_RATES), *(Fraction(1000 * rate, 1001) for rate in _NTSC_RATES))
"""What a variable rate is rounded to, where one is within 2 % of its mean."""


_LONGEST_LAST_FRAME = Fraction(1)
"""Seconds."""


@dataclass(frozen=True)
class Timing:
    """The frames of a stream in time."""

    frame_rate: Fraction
    """Frames a second."""
    frame_times: tuple[Fraction, ...]
    """Seconds from the first frame."""
    duration: Fraction
    """Seconds, to the end of the last frame."""
    variable_rate: bool
    timestamps: tuple[int, ...]
    """In units of the time base, as the decoder will give them; empty if it gives none."""


class _Stamp(NamedTuple):
    """What a packet says of its frame, in units of the time base."""

    pts: int | None
    dts: int | None
    duration: int


def packet_timing(container: InputContainer, stream: VideoStream, path: Path) -> Timing:
    """Read every packet's stamp, decoding nothing.

    Raises:
        MediaError: no frames, too many, a file that was cut short, or no rate to be found.
    """
    _check_complete(stream, path)
    packets = _shown_packets(container, stream, path)
    stamped = all(packet.pts is not None for packet in packets)
    found = {packet.pts if stamped else packet.dts for packet in packets}
    stamps = sorted(stamp for stamp in found if stamp is not None)
    if not stamps:
        raise MediaError(f"{path} holds no frames with times; write it anew as MP4 or MKV")
    time_base = stream.time_base or Fraction(1, 1000)
    _check_reaches_its_end(container, (stamps[-1] - stamps[0]) * time_base, path)
    usable = tuple(stamps) if stamped else ()
    rate = _constant_rate(stamps, time_base, stream)
    if rate is not None:
        times = tuple(Fraction(index) / rate for index in range(len(stamps)))
        return Timing(rate, times, len(stamps) / rate, False, usable)
    if len(stamps) == 1:
        raise MediaError(f"{path} holds one frame and no rate; write it anew with one, or give the image itself")
    times = tuple((stamp - stamps[0]) * time_base for stamp in stamps)
    rate = nominal_rate(Fraction(len(times) - 1) / times[-1])
    shown_for = max((packet for packet in packets), key=lambda packet: packet.pts or 0).duration * time_base
    return Timing(rate, times, times[-1] + (shown_for or 1 / rate), True, usable)


def nominal_rate(mean: Fraction) -> Fraction:
    """Return the usual rate within 2 % of the mean of a variable one, else the nearest whole rate, at least 1."""
    nearest = min(USUAL_RATES, key=lambda rate: abs(rate - mean))
    return nearest if abs(nearest - mean) <= mean / 50 else Fraction(max(1, round(mean)))


def _shown_packets(container: InputContainer, stream: VideoStream, path: Path) -> list[_Stamp]:
    """Return the stamps of the frames that a decoder will show, in decoding order."""
    packets: list[_Stamp] = []
    begun = False
    for packet in container.demux(stream):
        begun = begun or packet.is_keyframe  # what comes before the first keyframe cannot be decoded
        if begun and packet.size > 0 and not packet.is_discard:
            packets.append(_Stamp(packet.pts, packet.dts, packet.duration or 0))
        if len(packets) > MOST_FILES:
            raise MediaError(f"{path} has more than {MOST_FILES} frames; cut it into parts")
    return packets


def _constant_rate(stamps: list[int], time_base: Fraction, stream: VideoStream) -> Fraction | None:
    """Return the one rate that every stamp keeps to within the rounding of its time base; None if there is none."""
    candidates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    if len(stamps) > 1 and stamps[-1] > stamps[0]:
        candidates.append(nominal_rate(Fraction(len(stamps) - 1) / ((stamps[-1] - stamps[0]) * time_base)))
    for rate in candidates:
        if rate and all(
            abs((stamp - stamps[0]) * time_base - index / rate) <= time_base for index, stamp in enumerate(stamps)
        ):
            return Fraction(rate)
    return None


def _check_reaches_its_end(container: InputContainer, reached: Fraction, path: Path) -> None:
    """Refuse an MKV whose frames stop long before the end that its head states; it has no index to tell."""
    stated = Fraction(container.duration or 0, 1_000_000)
    alone = len(container.streams) == 1  # else a longer sound track may have set the end
    if alone and "matroska" in container.format.name and stated > reached + _LONGEST_LAST_FRAME:
        raise MediaError(
            f"{path} is cut short: it says it lasts {float(stated):.2f} s, and holds {float(reached):.2f} s; "
            "copy it again"
        )


def _check_complete(stream: VideoStream, path: Path) -> None:
    """Refuse a file whose index points past its end: the rest was never copied."""
    size = path.stat().st_size
    if any(entry.pos + entry.size > size for entry in stream.index_entries):
        raise MediaError(f"{path} is cut short: its index names frames beyond the end of the file; copy it again")
