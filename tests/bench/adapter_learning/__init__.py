"""Does the adapter learn from simulated masks? Shown end to end on scenes whose second views are known.

A small transformer of Wan's architecture learns to continue procedural clips from their first frame, and is frozen.
The product's trainer then teaches an adapter on masks that the product simulates on such clips, each seen by one
camera alone. On clips that neither has seen, a guide is rendered along an orbit, and what the adapter completes is
held against the true second view, which the scene knows; so is what the frozen transformer makes without it.

    python -m tests.bench.adapter_learning --scale cpu --folder WORK      # all of it, going on where it stopped
"""
