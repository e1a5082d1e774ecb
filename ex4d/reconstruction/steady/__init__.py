"""Depth of single frames made one over time: the camera is followed, and each frame brought to what is known.

``steadying`` is the flow; it stands on ``camera_follower`` (where the camera went, by ``picture_corners`` and
``camera_motion``), ``known_points`` (what the scene is known to be) and ``scale_and_shift`` (what fits a frame to it).
"""

from ex4d.reconstruction.steady.metric_steadying import MetricSteadying as MetricSteadying
from ex4d.reconstruction.steady.steadying import Steadying as Steadying
