"""EX-4D on Wan2.1-I2V-14B: the engine with weights that this project is named after; everything torch stays in here."""
