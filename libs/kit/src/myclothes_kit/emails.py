"""E-mail addresses: one spelling for each."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from myclothes_kit.problems import FieldError, Unprocessable


def normalised(text: str) -> str:
    """The address in its normal form, as it is shown and written to; raises Unprocessable (422) on `email`.

    Whether the mailbox exists is not asked.
    """
    try:
        return validate_email(text.strip(), check_deliverability=False, strict=True).normalized
    except EmailNotValidError as error:
        raise Unprocessable(f"email: {error}", errors=[FieldError("email", "invalid", str(error))]) from error


def identity(email: str) -> str:
    """What two spellings of one address have in common, for uniqueness: no two mailboxes differ by case alone."""
    return email.casefold()
