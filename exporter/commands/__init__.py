"""The commands that run once: they look at the configuration and the clouds, and explain."""
