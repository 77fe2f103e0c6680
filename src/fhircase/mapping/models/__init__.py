"""What a mapping is bound to: our records, or the classes and JSON Schemas of others, described alike."""
