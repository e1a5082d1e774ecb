"""DepthCrafter (Hu et al. 2024, arXiv:2409.02095): depth of a whole clip by video diffusion, what EX-4D itself uses."""

from ex4d.reconstruction.depth_crafter.adapter import DepthCrafter

__all__ = ["DepthCrafter"]
