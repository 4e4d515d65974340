"""The vendors, each in a folder of its own behind one small protocol."""
