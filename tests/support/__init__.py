"""What the tests of several folders share; imported as `support`, see `pythonpath` in pyproject.toml.

Belongs here: the one loopback server and the publishers that it plays, fetching and staging as a refresh does them, a
home with a release, channels. Does not belong here: any test, any assertion about the product.
"""
