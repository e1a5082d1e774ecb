"""From a shot and its scene to the camera of every frame."""
