"""Clips become excerpts, and excerpts what the transformer is trained on, computed once and kept."""
