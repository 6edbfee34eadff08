"""Releases: each is an immutable folder for readers. The audit passes it before the pointer moves to it.

Belongs here: the candidate, its exports, the audit, the pointer, rollback. Does not belong here: checks of the figures
(`quality`).
"""
