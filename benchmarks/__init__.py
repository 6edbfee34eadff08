"""Commands that measure and print; no test asserts a time.

Belongs here: a measurement with its reference, taken in the same run. Does not belong here: anything that
the product needs.
"""
