"""What a job is called, and where it writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.recon.job import CAMERAS, Recon
from ex4d.shotlist.load import parse

PLAIN = re.compile(r"[A-Za-z0-9_+-]{1,64}")


@settings(derandomize=True)
@given(stem=st.text(min_size=1, max_size=200).filter(lambda text: "/" not in text and "\0" not in text))
def test_files_of_any_camera_file_lie_in_the_folder_under_a_plain_name(stem: str) -> None:
    job = Recon(Path("out"), path=Path("somewhere") / f"{stem}.npz")

    assert PLAIN.fullmatch(job.name)
    assert {target.parent for target in job.targets()} == {Path("out")}


def test_files_have_the_references_names() -> None:
    job = Recon(Path("out"), cam="180")
    assert [target.name for target in job.targets()] == [
        "color_180.mp4",
        "mask_180.mp4",
        "camera_180.npz",
        "recon_180.ex4d.json",
        "DW-Mesh.ply",
    ]
    assert Recon(Path("out"), cam="180", lossless=True).color.name == "color_180.mkv"
    assert Recon(Path("out"), shot="a#b/film.yaml#swing").name == "swing"
    assert job.mesh(12).name == "DW-Mesh_00012.ply"


@pytest.mark.parametrize("cam", CAMERAS)
def test_every_camera_is_an_item_of_the_shot_language(cam: str) -> None:
    text = f"ex4d: 1\nsource: {{video: a.mp4}}\nshots:\n  - name: a\n    camera:\n      - {CAMERAS[cam]}\n"
    assert len(parse(text, Path("a.yaml")).shots[0].camera) == 1
