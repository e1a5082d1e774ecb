"""Media that mean harm, or are merely broken, get a clear error; nothing outside the named file is opened."""

import os
import socket
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import pytest

from ex4d.errors import MediaError
from ex4d.media.probe import probe
from tests.media.footage import write_images, write_numbered

PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {secret}\n",
    "dash": '<?xml version="1.0"?><MPD><Period><BaseURL>{secret}</BaseURL></Period></MPD>\n',
    "text": "nothing but words, repeated\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".m3u8", ".ffconcat"])
@pytest.mark.parametrize("kind", sorted(PLAYLISTS))
def test_a_playlist_is_refused_whatever_its_name(tmp_path, kind, suffix):
    secret = write_numbered(tmp_path / "secret.mp4", 3)
    path = tmp_path / f"clip{suffix}"
    path.write_text(PLAYLISTS[kind].format(secret=secret) * 20)
    with pytest.raises(MediaError, match="cannot be read as a video"):
        probe(path)


@pytest.mark.parametrize("name", [
    "http://127.0.0.1:{port}/clip.mp4", "https://127.0.0.1:{port}/clip.mp4", "concat:a.mp4|b.mp4", "file:clip.mp4",
    "subfile,,start,0,end,9,,:clip.mp4", "rtsp://127.0.0.1:{port}/x", "crypto:clip.mp4", "data:video/mp4;base64,AAAA",
    "http://127.0.0.1:{port}/frames/*.png",
])  # fmt: skip
def test_a_protocol_is_refused_and_nothing_connects(tmp_path, name):
    write_numbered(tmp_path / "clip.mp4", 3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        for path in (Path(name.format(port=server.getsockname()[1])), tmp_path / name):
            with pytest.raises(MediaError, match="not a local file; URLs and protocols are not read"):
                probe(path, Fraction(24))
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "clip.mp4")
    with pytest.raises(MediaError, match="not a regular file"):
        probe(tmp_path / "clip.mp4")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "clip.mp4")
    with pytest.raises(MediaError, match="not a regular file"):
        probe(tmp_path / "link.mp4")


def test_a_pipe_among_images_is_refused_without_waiting(tmp_path):
    folder = write_images(tmp_path / "shots", 2)
    os.mkfifo(folder / "5.png")
    with pytest.raises(MediaError, match="not a regular file"):
        probe(folder, Fraction(24))


def test_a_device_is_refused():
    with pytest.raises(MediaError, match="not a regular file"):
        probe(Path("/dev/zero"))


def test_a_link_to_a_video_is_that_video(tmp_path):
    write_numbered(tmp_path / "clip.mp4", 3)
    (tmp_path / "link.mp4").symlink_to("clip.mp4")
    assert probe(tmp_path / "link.mp4").frame_count == 3


@pytest.mark.parametrize("name", ["missing.mp4", "a\x00b.mp4", "x" * 300 + ".mp4"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(MediaError, match="no such file"):
        probe(tmp_path / name)


def test_a_loop_of_links_is_no_file(tmp_path):
    (tmp_path / "a.mp4").symlink_to("b.mp4")
    (tmp_path / "b.mp4").symlink_to("a.mp4")
    with pytest.raises(MediaError, match="no such file"):
        probe(tmp_path / "a.mp4")


def test_names_with_signs_of_protocols_are_only_names(tmp_path):
    for name in ("take:2.mp4", "50%[a].mp4", "concat,1.mp4"):
        assert probe(write_numbered(tmp_path / name, 2)).frame_count == 2


@pytest.mark.parametrize("keep", [0, 1, 40, 300, 900])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_file_cut_off_near_its_start_is_an_error(tmp_path, suffix, keep):
    path = write_numbered(tmp_path / f"clip{suffix}", 60)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(MediaError):
        probe(path)


def test_sound_alone_is_not_a_video(tmp_path):
    import av
    import numpy as np

    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 48_000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with pytest.raises(MediaError, match="holds no video stream"):
        probe(path)


def png(width: int, height: int) -> bytes:
    """A PNG whose head promises any size, over a few bytes of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(40_000, 10), (10, 40_000), (0, 10), (2**31 - 1, 2**31 - 1)])
def test_an_image_of_an_absurd_size_is_refused_by_its_head(tmp_path, size):
    (tmp_path / "0.png").write_bytes(png(*size))
    with pytest.raises(MediaError, match="sides of 1 to 16384 px"):
        probe(tmp_path / "*.png", Fraction(24))


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x10", b"\xff\xd8" + bytes(100), b"GIF89a" + bytes(90)]
)
def test_what_is_no_image_is_named(tmp_path, content):
    (tmp_path / "0.jpg").write_bytes(content)
    with pytest.raises(MediaError, match=r"0\.jpg is not a PNG or JPEG image"):
        probe(tmp_path, Fraction(24))


def test_an_image_with_too_few_pixels_is_named(tmp_path):
    (tmp_path / "0.png").write_bytes(png(64, 64))
    with pytest.raises(MediaError, match=r"0\.png cannot be decoded"):
        probe(tmp_path, Fraction(24))
