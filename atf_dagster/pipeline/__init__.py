"""The steps of a refresh, the client that they fetch with, and the record that a run leaves.

Belongs here: which step uses what, and the files of a run. Does not belong here: how a step works (its own package),
the order in which steps run (`orchestration`), what is printed (`cli`).
"""
