"""The peers' own formulas, one module a peer, and the presets that stand for their moves.

The formulas are written anew. Run beside the peers' released code at the commits that the modules name, all of them
give its cameras to 3e-5 degrees, 6e-7 of the subject's distance and 1e-7 of the focal length: to the single precision
in which that code computes.
"""
