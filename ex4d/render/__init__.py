"""Mesh and cameras in, guide frames out. ``rasterizer`` is the interface; README.md explains the compiled one."""
