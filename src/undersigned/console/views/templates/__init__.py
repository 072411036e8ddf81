"""Templates: made once, used for one, or for many by a sheet."""
