"""VACE (Jiang et al. 2025, arXiv:2503.07598) on Wan2.1 by diffusers: an engine with weights for small cards.

It knows nothing of cameras or of watertight meshes: it is a general completer of videos, told by a mask what to make.
"""
