"""The shot language: YAML in, records out. ``load`` reads, ``model`` holds the records, ``schema`` tells editors."""
