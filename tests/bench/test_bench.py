"""The benchmarks run, and what they measured becomes the report; no number is judged here."""
