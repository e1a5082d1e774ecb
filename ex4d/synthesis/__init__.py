"""Guide + prompt -> finished frames: the interface of engines, and the engine without weights."""
