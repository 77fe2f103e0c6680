"""Bytes on the wire: one HTTP library a file, and the loop that lets an interaction talk through it."""
