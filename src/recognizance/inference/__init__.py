"""Models: which file, whose licence, prepared how, run by what."""
