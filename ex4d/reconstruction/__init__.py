"""Video to depth, depth to mesh, and what lies behind it."""
