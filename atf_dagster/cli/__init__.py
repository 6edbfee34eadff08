"""The commands: arguments and printing, one module a command group.

Belongs here: parsing of arguments, what a command prints, exit codes. Does not belong here: work of any kind; nothing
else imports this package.
"""
