"""What readers get: an immutable folder a release, audited before the pointer moves to it.

Belongs here: the candidate, its exports, the audit, the pointer, rollback. Does not belong here:
whether figures may be believed (`quality`).
"""
