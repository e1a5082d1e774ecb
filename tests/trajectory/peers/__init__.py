"""The peers' own formulas, one module a peer, and the presets that stand for their moves."""
