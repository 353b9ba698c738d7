"""The failures of the users service, one class each."""

from __future__ import annotations

from myclothes_kit.problems import Conflict, Forbidden, NotFound, TooManyRequests, Unauthorized, Unprocessable


class AccountUnknown(NotFound):
    code, title = "account_unknown", "There is no such account"


class AddressUnknown(NotFound):
    code, title = "address_unknown", "There is no such address"


class LoginRefused(Unauthorized):
    """Says the same for an unknown e-mail and for a wrong password."""

    code, title = "login_refused", "The e-mail or the password is wrong"


class PasswordWrong(Forbidden):
    code, title = "password_wrong", "The current password is wrong"


class EmailTaken(Conflict):
    code, title = "email_taken", "There is an account with this e-mail already"


class AddressLimit(Unprocessable):
    code, title = "address_limit", "There is no room for another address"


class HashingBusy(TooManyRequests):
    """More passwords to check at once than this replica takes on."""

    code, title = "hashing_busy", "Too many logins at the moment"
