"""Tests of the command line tools, alone and beside the released ones."""
