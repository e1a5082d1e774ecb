"""Write cameras in YAML, get an edited film seen from where no camera was."""
