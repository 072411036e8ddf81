"""What it costs, as a ratio to the physical limit."""
