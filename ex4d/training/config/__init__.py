"""The training file: what is trained on what, validated like a shot list."""
