"""Videos to a sequence: transitions, the cut, the timeline."""
