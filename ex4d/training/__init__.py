"""EX-4D's adapter trained anew: simulated masks, a cache of latents, LoRA and camera encoder on frozen Wan."""
