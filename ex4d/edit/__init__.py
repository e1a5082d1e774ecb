"""Videos to a sequence: transitions, the cut, the sound under it, the timeline."""
