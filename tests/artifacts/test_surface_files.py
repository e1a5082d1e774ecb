"""Surfaces as files: read back by another program, and byte by byte where the formats' rules ask for it."""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from ex4d.artifacts import surface_files
from ex4d.artifacts.surface import Surface
from ex4d.artifacts.surface_files import DARK, save_glb, save_ply, save_surface
from ex4d.errors import OutputError
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.closed_surface import closed_surface
from tests.render.small_scenes import small_mesh

Save = Callable[[Surface, Path], None]
FLIP = np.array([1, -1, -1])


@pytest.fixture(params=[False, True], ids=["closed", "reference"])
def surface(request: pytest.FixtureRequest) -> Surface:
    return closed_surface(small_mesh(3, 14, 18), reference=request.param)


@pytest.fixture
def closed() -> Surface:
    return closed_surface(small_mesh(3, 14, 18))


def volume(surface: Surface) -> float:
    return float(np.linalg.det(surface.vertices.astype(np.float64)[surface.faces]).sum() / 6)


def srgb_of(linear: np.ndarray) -> np.ndarray:
    """Levels of 255 of linear light, 0 to 1 (IEC 61966-2-1)."""
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.rint(encoded * 255).astype(np.uint8)


class Glb:
    """A .glb file taken apart by the specification."""

    def __init__(self, file: Path) -> None:
        self.content = file.read_bytes()
        self.magic, self.version, self.length = struct.unpack_from("<4sII", self.content)
        text_length, self.text_kind = struct.unpack_from("<I4s", self.content, 12)
        self.document = json.loads(self.content[20 : 20 + text_length])
        buffer_length, self.buffer_kind = struct.unpack_from("<I4s", self.content, 20 + text_length)
        self.buffer = self.content[28 + text_length :]
        self.lengths = text_length, buffer_length

    def array(self, accessor: int) -> np.ndarray:
        found = self.document["accessors"][accessor]
        view = self.document["bufferViews"][found["bufferView"]]
        kind = {5126: "<f4", 5123: "<u2", 5125: "<u4"}[found["componentType"]]
        columns = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[found["type"]]
        flat = np.frombuffer(self.buffer, kind, found["count"] * columns, view["byteOffset"])
        assert flat.nbytes == view["byteLength"]
        return flat.reshape(-1, columns)

    def primitive(self, material: str) -> dict[str, Any]:
        names = [found["name"] for found in self.document["materials"]]
        (mesh,) = self.document["meshes"]
        (found,) = [part for part in mesh["primitives"] if names[part["material"]] == material]
        return found


def test_another_program_reads_the_ply_as_it_was(surface, tmp_path):
    save_ply(surface, tmp_path / "DW-Mesh.ply")
    read = trimesh.load(tmp_path / "DW-Mesh.ply", process=False)

    np.testing.assert_array_equal(read.vertices, surface.vertices)
    np.testing.assert_array_equal(read.faces, surface.faces)
    np.testing.assert_array_equal(read.visual.vertex_colors[:, :3], surface.colour)
    np.testing.assert_array_equal(read.metadata["_ply_raw"]["face"]["data"]["hidden"].ravel(), surface.hidden)


def test_another_program_finds_the_ply_watertight(closed, tmp_path):
    save_ply(closed, tmp_path / "DW-Mesh.ply")
    read = trimesh.load(tmp_path / "DW-Mesh.ply")

    assert read.is_watertight
    assert read.is_winding_consistent
    assert read.is_volume
    assert read.euler_number == 2
    assert read.volume == pytest.approx(volume(closed))


def test_the_released_surface_is_not_watertight_to_another_program(tmp_path):
    save_ply(closed_surface(small_mesh(3), reference=True), tmp_path / "DW-Mesh.ply")
    assert not trimesh.load(tmp_path / "DW-Mesh.ply").is_watertight


def test_another_program_reads_the_glb_and_finds_it_watertight_when_merged(closed, tmp_path):
    save_glb(closed, tmp_path / "DW-Mesh.glb")
    scene = trimesh.load(tmp_path / "DW-Mesh.glb", process=False)
    parts = {part.visual.material.name: part for part in scene.geometry.values()}
    merged = trimesh.util.concatenate([trimesh.Trimesh(part.vertices, part.faces) for part in parts.values()])
    merged.merge_vertices()

    assert {name: len(part.faces) for name, part in parts.items()} == {
        "seen": int((~closed.hidden).sum()),
        "hidden": int(closed.hidden.sum()),
    }
    assert len(merged.vertices) == len(closed.vertices)
    assert merged.is_watertight
    assert merged.is_winding_consistent
    assert merged.volume == pytest.approx(volume(closed))
    linear = parts["seen"].visual.vertex_attributes["color"][:, :3] / 65535
    np.testing.assert_array_equal(srgb_of(linear), closed.colour)
    turned = closed.vertices * FLIP
    np.testing.assert_allclose(scene.bounds, [turned.min(axis=0), turned.max(axis=0)])


def test_the_glb_keeps_the_format_s_rules(surface, tmp_path):
    save_glb(surface, tmp_path / "a.glb")
    read = Glb(tmp_path / "a.glb")
    document = read.document

    assert (read.magic, read.version, read.length) == (b"glTF", 2, len(read.content))
    assert (read.text_kind, read.buffer_kind) == (b"JSON", b"BIN\0")
    assert all(length % 4 == 0 for length in read.lengths)
    assert read.lengths[1] == len(read.buffer) == document["buffers"][0]["byteLength"]
    assert document["asset"]["version"] == "2.0"
    assert document["extensionsUsed"] == ["KHR_materials_unlit"]
    assert all(material["extensions"] == {"KHR_materials_unlit": {}} for material in document["materials"])
    ends = [view["byteOffset"] + view["byteLength"] for view in document["bufferViews"]]
    starts = [view["byteOffset"] for view in document["bufferViews"]]
    assert starts == [0, *ends[:-1]]
    assert all(start % 4 == 0 for start in starts)
    assert ends[-1] == len(read.buffer)


def test_the_glb_has_the_surface_in_gltf_s_axes_and_linear_colours(surface, tmp_path):
    save_glb(surface, tmp_path / "a.glb")
    read = Glb(tmp_path / "a.glb")
    seen, hidden = read.primitive("seen"), read.primitive("hidden")
    positions = read.document["accessors"][seen["attributes"]["POSITION"]]
    colours = read.array(seen["attributes"]["COLOR_0"])

    assert hidden["attributes"] == {"POSITION": seen["attributes"]["POSITION"]}
    np.testing.assert_array_equal(read.array(seen["attributes"]["POSITION"]), surface.vertices * FLIP)
    np.testing.assert_array_equal(positions["min"], (surface.vertices * FLIP).min(axis=0))
    np.testing.assert_array_equal(positions["max"], (surface.vertices * FLIP).max(axis=0))
    np.testing.assert_array_equal(srgb_of(colours[:, :3] / 65535), surface.colour)
    assert (colours[:, 3] == 65535).all()
    assert read.document["accessors"][seen["attributes"]["COLOR_0"]]["normalized"] is True
    np.testing.assert_array_equal(read.array(seen["indices"]).reshape(-1, 3), surface.faces[~surface.hidden])
    np.testing.assert_array_equal(read.array(hidden["indices"]).reshape(-1, 3), surface.faces[surface.hidden])
    dark = read.document["materials"][hidden["material"]]["pbrMetallicRoughness"]["baseColorFactor"]
    assert dark == [DARK, DARK, DARK, 1.0]


def test_the_glb_s_camera_has_the_source_s_lens(closed, tmp_path):
    """A point on the upper edge of the frame is on the upper edge of the camera's view."""
    save_glb(closed, tmp_path / "a.glb")
    document = Glb(tmp_path / "a.glb").document
    (camera,) = document["cameras"]
    view, lens = camera["perspective"], closed.lens

    (node,) = [node for node in document["nodes"] if "camera" in node]
    assert node.keys() == {"name", "camera"}  # at the origin, looking along -z
    upper_edge = lens.unproject(np.array([0.0, 0.0]), np.array(1.0)) * FLIP
    assert upper_edge[1] == pytest.approx(math.tan(view["yfov"] / 2))
    assert upper_edge[0] == pytest.approx(-math.tan(view["yfov"] / 2) * view["aspectRatio"])
    assert 0 < view["znear"] < closed.vertices[:, 2].min()
    assert view["zfar"] > closed.vertices[:, 2].max()


def test_through_the_glb_s_camera_the_glb_is_the_source_frame(closed, tmp_path):
    """Each vertex of a pixel lies on that pixel's centre, in its colour."""
    save_glb(closed, tmp_path / "a.glb")
    read = Glb(tmp_path / "a.glb")
    view, seen = read.document["cameras"][0]["perspective"], read.primitive("seen")["attributes"]
    mesh = small_mesh(3, 14, 18)
    height, width = mesh.depth.shape
    x, y, z = read.array(seen["POSITION"])[: height * width].astype(np.float64).T
    reach = math.tan(view["yfov"] / 2) * -z  # of the view upwards at each vertex, as glTF's cameras look along -z
    columns = (x / (reach * view["aspectRatio"]) + 1) / 2 * width
    rows = (1 - y / reach) / 2 * height
    image = srgb_of(read.array(seen["COLOR_0"])[: height * width, :3] / 65535).reshape(height, width, 3)

    np.testing.assert_allclose(columns.reshape(height, width), np.indices((height, width))[1] + 0.5, atol=1e-3)
    np.testing.assert_allclose(rows.reshape(height, width), np.indices((height, width))[0] + 0.5, atol=1e-3)
    np.testing.assert_array_equal(image, mesh.colour)


def test_an_off_centre_lens_is_noted_beside_the_camera(closed, tmp_path):
    lens = Pinhole(18, 14, 20.0, (4.0, 9.0))
    save_glb(replace(closed, lens=lens), tmp_path / "a.glb")
    (camera,) = Glb(tmp_path / "a.glb").document["cameras"]
    assert camera["extras"] == {"size_px": [18, 14], "focal_px": 20.0, "center_px": [4.0, 9.0]}


@pytest.mark.parametrize("hidden", [True, False])
def test_a_glb_of_one_part_has_no_empty_one(closed, tmp_path, hidden):
    """glTF has no accessor of nothing."""
    save_glb(replace(closed, hidden=np.full(len(closed.faces), hidden)), tmp_path / "a.glb")
    document = Glb(tmp_path / "a.glb").document
    assert [part["material"] for part in document["meshes"][0]["primitives"]] == [int(hidden)]
    assert len(document["accessors"]) == len(document["bufferViews"]) == 3


@pytest.mark.parametrize("save", [save_ply, save_glb])
def test_the_same_surface_gives_the_same_bytes_however_it_is_cut(save: Save, closed, tmp_path, monkeypatch):
    save(closed, tmp_path / "whole")
    monkeypatch.setattr(surface_files, "ROWS_AT_ONCE", 7)
    save(closed, tmp_path / "pieces")
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()


def test_the_suffix_chooses_the_format(closed, tmp_path):
    save_surface(closed, tmp_path / "DW-Mesh_0012.PLY")
    save_surface(closed, tmp_path / "DW-Mesh_0012.glb")
    assert (tmp_path / "DW-Mesh_0012.PLY").read_bytes().startswith(b"ply\n")
    assert (tmp_path / "DW-Mesh_0012.glb").read_bytes().startswith(b"glTF")
    with pytest.raises(OutputError, match=r"DW-Mesh\.obj ends in neither \.ply nor \.glb"):
        save_surface(closed, tmp_path / "DW-Mesh.obj")
    assert {file.name for file in tmp_path.iterdir()} == {"DW-Mesh_0012.PLY", "DW-Mesh_0012.glb"}


def test_a_glb_too_large_for_its_header_is_refused_before_it_is_written(closed, tmp_path, monkeypatch):
    save_glb(closed, tmp_path / "whole.glb")
    length = (tmp_path / "whole.glb").stat().st_size
    monkeypatch.setattr(surface_files, "LARGEST_GLB", length)
    save_glb(closed, tmp_path / "whole.glb")
    monkeypatch.setattr(surface_files, "LARGEST_GLB", length - 1)
    with pytest.raises(OutputError, match=r"write a \.ply"):
        save_glb(closed, tmp_path / "a.glb")
    assert [file.name for file in tmp_path.iterdir()] == ["whole.glb"]


def test_a_lens_is_written_in_plain_numbers_whatever_computed_it(closed, tmp_path):
    computed = replace(closed.lens, focal_px=np.float64(31.5), center_px=(np.float64(9.0), np.float64(7.25)))
    plain = replace(closed.lens, focal_px=31.5, center_px=(9.0, 7.25))
    for lens, name in ((plain, "plain"), (computed, "computed")):
        for suffix in (".ply", ".glb"):
            save_surface(replace(closed, lens=lens), tmp_path / f"{name}{suffix}")

    assert b"focal 31.5 px, centre (9.0, 7.25)" in (tmp_path / "computed.ply").read_bytes()
    for suffix in (".ply", ".glb"):
        assert (tmp_path / f"computed{suffix}").read_bytes() == (tmp_path / f"plain{suffix}").read_bytes()
