"""The trainer: low-rank layers and the camera encoder learn on a frozen transformer."""
