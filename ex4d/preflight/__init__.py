"""Before anything is rendered: what a shot list means, what it will cost, and what is wrong with it."""
