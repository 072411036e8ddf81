"""Pages of the console, one module a topic. Each object is reached through `scope`."""
