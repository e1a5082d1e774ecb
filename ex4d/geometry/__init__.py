"""Cameras and space: the one page of conventions for all of ex4d.

Axes        OpenCV: x right, y down, z forward, of the source camera. Right-handed.
Vectors     columns: ``world = world_from_camera @ camera``.
Matrices    named ``target_from_source``, so that neighbours match when read aloud.
Quaternions wxyz, Hamilton, and named ``..._wxyz``.
Pixels      the centre of the first pixel is (0.5, 0.5); the image spans 0..width, 0..height.
Depth       z along the view axis, never the length of the ray.
Lengths     in a CameraPath, multiples of the subject's distance (a z-depth); in a mesh, units of its depth.
Angles      radians inside, with a unit in YAML. Positive is right, up, clockwise.
Images      arrays (height, width[, channels]); sizes are written width x height.
Time        ``fractions.Fraction``, seconds; rates too, frames a second.
``visible`` is True where the source was seen.
"""
