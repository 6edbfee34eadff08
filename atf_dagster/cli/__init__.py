"""The commands of `atf`: arguments and printing, one module for each group of commands.

No other package imports this one.

Belongs here: parsing of arguments, what a command prints, exit codes. Does not belong here: any other work.
"""
