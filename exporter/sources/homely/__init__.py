"""Homely: REST for state, one Socket.IO connection per location for changes."""
