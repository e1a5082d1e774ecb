"""The presets named after EX-4D's own cameras are them: against its formulas, its file and its renders."""

import math
from fractions import Fraction
from pathlib import Path as FilePath

import numpy as np
import pytest

from ex4d.artifacts.scene import Scene
from ex4d.geometry.pinhole import Pinhole
from ex4d.geometry.se3 import inverse
from ex4d.shotlist.load import parse
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.warnings import warnings_of
from tests.shared_data import shared_data

OPENGL_FROM_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])
LENS = Pinhole(512, 512, 500.0, (256.0, 256.0))
SHOTS = """
ex4d: 1
source: {{video: clip.mp4}}
shots:
  - name: reference
    camera:
      - use: {preset}@1
"""


def reference(preset, frames):
    """A preset over a whole source of some frames, compiled for a centred subject."""
    shot = parse(SHOTS.format(preset=preset), FilePath("shots.yaml")).shots[0]
    return compile_shot(shot, Scene(LENS, (0.0, 0.0, 1.0), Fraction(15), Fraction(15), Fraction(frames, 15)))


def extrinsics(path, distance):
    """World-to-camera matrices with OpenGL camera axes, as EX-4D's camera files hold them."""
    return OPENGL_FROM_OPENCV @ inverse(path.translated_in_depth_units(distance))


def test_ex4d_180_is_the_camera_file_of_the_reference():
    """Its distance, 2.7401088, is recovered from the file's own poses; 2e-7 is a float32's last digit there."""
    stored = np.load(shared_data("ex4d_flower/camera_180.npz"))["extrinsics"]

    np.testing.assert_allclose(extrinsics(reference("ex4d-180", 49), 2.7401088), stored, rtol=0, atol=2e-7)


@pytest.mark.parametrize(
    ("preset", "render"), [("ex4d-60", "kitchen_60"), ("ex4d-180", "studio_180"), ("ex4d-90", "studio_90_boundary")]
)
def test_presets_are_the_cameras_of_the_reference_renders(preset, render):
    stored = np.load(shared_data(f"reference_render/{render}.npz"))
    path = reference(preset, len(stored["extrinsics"]))

    np.testing.assert_allclose(extrinsics(path, float(stored["radius"])), stored["extrinsics"], rtol=0, atol=3e-7)


@pytest.mark.parametrize("angle", [30, 60, 90])
def test_angles_go_right_and_rise_as_the_reference_states(angle):
    a = np.linspace(0.0, math.radians(angle), 49)
    eye = np.stack([np.sin(a), 0.2 * (np.abs(np.cos(a)) - 1), 1 - np.abs(np.cos(a))], axis=1)
    path = reference(f"ex4d-{angle}", 49)
    view = np.array([0.0, 0.0, 1.0]) - eye

    np.testing.assert_allclose(path.world_from_camera[:, :3, 3], eye, rtol=0, atol=1e-14)
    np.testing.assert_allclose(
        path.world_from_camera[:, :3, 2], view / np.linalg.norm(view, axis=1, keepdims=True), rtol=0, atol=1e-14
    )
    assert np.abs(path.world_from_camera[:, 1, 0]).max() == 0.0


def test_180_turns_at_most_45_6_degrees_and_comes_home():
    path = reference("ex4d-180", 49)
    yaw = np.degrees(np.arctan2(path.world_from_camera[:, 0, 2], path.world_from_camera[:, 2, 2]))

    assert abs(np.abs(yaw).max() - 45.0) < 0.6
    np.testing.assert_allclose(path.world_from_camera[[0, -1]], [np.eye(4)] * 2, atol=1e-15)
    assert warnings_of(path) == ()
