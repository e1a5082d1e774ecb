"""Simulated visibility: what of an ordinary clip is hidden, as if another camera had filmed it."""
