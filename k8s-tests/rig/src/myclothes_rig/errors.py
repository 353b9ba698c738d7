"""What the rig raises: one class a kind of failure, each with what an operator wants to see next."""


class RigError(Exception):
    """The rig cannot do what was asked; the message says which part, and what to do or the end of its log."""


class CommandError(RigError):
    """A program that the rig called ended with a failure or took too long."""


class TimeLimitError(RigError):
    """A part of the rig did not reach its state within its limit."""


class PreparationError(RigError):
    """The machine lacks something: a package, a privilege or a built tool."""
