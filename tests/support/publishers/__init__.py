"""The publishers on loopback: one module a publisher, each a `LoopbackServer` that speaks the publisher's interface.

Belongs here: what a publisher answers and what a test may change in it. Does not belong here: what our client makes of
it. What the bundled snapshot answers is not answered here again: see `bundled`.
"""
