"""Rules made into straight-line Python: the quick way of doing what `kinds` defines.

The rule objects are the reference. What is generated here does the same for what comes every day, and gives up
(`Unusual`) on anything else, which is then done by the rules themselves.
"""
