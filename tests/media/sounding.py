"""Little videos with sound, made for the tests: clicks and steady tones at known moments."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 64, 48


def clicks(seconds: float, rate: int, at: tuple[float, ...], channels: int = 2) -> np.ndarray:
    """Silence with a click of 1 ms at each moment, float32 (samples, channels)."""
    sound = np.zeros((round(seconds * rate), channels), np.float32)
    for moment in at:
        sound[round(moment * rate) : round(moment * rate) + rate // 1000] = 0.8
    return sound


def tone(seconds: float, rate: int, hertz: float = 440.0, channels: int = 2, height: float = 0.5) -> np.ndarray:
    wave = height * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def write_video(
    path: Path,
    sound: np.ndarray | None,
    *,
    rate: int = 48_000,
    code: str = "aac",
    frames: int = 48,
    fps: Fraction = Fraction(24),
    late: Fraction = Fraction(0),
    picture_late: Fraction = Fraction(0),
    layout: str | None = None,
) -> Path:
    """Write plain frames with sound that begins ``late`` seconds after the file's clock does."""
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        track = None
        if sound is not None:
            layout = layout or {1: "mono", 2: "stereo", 6: "5.1"}[sound.shape[1]]
            track = output.add_stream(code, rate=rate, layout=layout)
        for index in range(frames):
            image = av.VideoFrame.from_ndarray(_frame(index), format="rgb24")
            image.pts, image.time_base = index + round(picture_late * fps), 1 / fps
            output.mux(video.encode(image.reformat(format="yuv420p")))
        output.mux(video.encode(None))
        if track is not None:
            _write_sound(output, track, sound, rate, round(late * rate), layout)
    return path


def _frame(index: int) -> np.ndarray:
    """A slope that is lighter to the right, and lighter from frame to frame."""
    slope = np.arange(WIDTH, dtype=np.uint8)[None, :, None] + np.uint8(4 * index % 190)
    return np.ascontiguousarray(np.broadcast_to(slope, (HEIGHT, WIDTH, 3)))


def _write_sound(output, track, sound, rate, first, layout) -> None:
    if track.codec_context.format.name.startswith("s16"):
        kind, stored = "s16", (np.clip(sound, -1, 1) * 32767).astype(np.int16).reshape(1, -1)
    else:
        kind, stored = "fltp", np.ascontiguousarray(sound.T)
    step = 1024
    channels = sound.shape[1]
    for at in range(0, len(sound), step):
        part = stored[:, at * channels : (at + step) * channels] if kind == "s16" else stored[:, at : at + step]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format=kind, layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, first + at, Fraction(1, rate)
        output.mux(track.encode(frame))
    output.mux(track.encode(None))


def decoded(path: Path) -> np.ndarray:
    """All sound of a file as a player has it, by its stamps: float32 (samples, channels), from the file's time 0."""
    with av.open(str(path)) as container:
        blocks, end = [], 0
        for frame in container.decode(container.streams.audio[0]):
            first = round(frame.pts * frame.time_base * frame.sample_rate)
            blocks.append((first, frame.to_ndarray().T))
            end = max(end, first + frame.samples)
        sound = np.zeros((end, blocks[0][1].shape[1]), np.float32)
        for first, block in blocks:
            cut = max(0, -first)
            sound[first + cut : first + len(block)] = block[cut:]
        return sound


def click_times(sound: np.ndarray, rate: int = 48_000, above: float = 0.3) -> list[float]:
    """The moments at which it first becomes loud after 50 ms of quiet, seconds."""
    loud = np.flatnonzero(np.abs(sound[:, 0]) > above)
    return [int(each) / rate for k, each in enumerate(loud) if k == 0 or each - loud[k - 1] > rate // 20]


def damage(path: Path) -> None:
    """Overwrite the middle of every packet of sound but the first few."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(audio=0) if packet.size][4:]
    for place in places:
        data[place + 8 : place + 60] = bytes(52)
    path.write_bytes(data)
