"""What ``ex4d recon`` does: a video seen by other cameras, black where they see what was never filmed.

This is EX-4D's first command, with its outputs under its names: ``color_CAM``, ``mask_CAM``, ``camera_CAM.npz`` and
``DW-Mesh.ply``. ``job`` is what is asked for, ``inputs`` what was given, ``cameras`` who looks at it from where,
``making`` and ``outputs`` what becomes of it.
"""
