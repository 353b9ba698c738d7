"""What can go wrong with an action."""


class RefusedError(Exception):
    """The action's precondition no longer holds; nothing was done, and the next round looks anew."""


class FailedError(Exception):
    """The action could not be done, or not to its end; the next round looks at what is."""
