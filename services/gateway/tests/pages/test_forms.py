"""Forms: their ids, their operations, and naming every field that is wrong."""

from __future__ import annotations

import pytest

from myclothes_gateway.inputs import AddressInput, LineInput, Registration
from myclothes_gateway.pages import forms
from myclothes_kit.problems import FieldError, Unprocessable

ID = "0123456789abcdef" * 2


def test_a_form_sent_twice_is_one_operation():
    form = forms.Form({"form": ID})
    assert form.operation("add", ["sku", 1]) == forms.Form({"form": ID}).operation("add", ["sku", 1])


@pytest.mark.parametrize(
    ("other", "what", "payload"),
    [
        (ID, "add", ["sku", 2]),
        (ID, "add", ["other", 1]),
        (ID, "set", ["sku", 1]),
        ("f" * 32, "add", ["sku", 1]),
    ],
)
def test_another_choice_or_form_is_another_operation(other, what, payload):
    first = forms.Form({"form": ID}).operation("add", ["sku", 1])
    assert forms.Form({"form": other}).operation(what, payload) != first


def test_an_operation_id_is_one_that_services_take():
    operation = forms.Form({"form": ID}).operation("register", ["ä", "secret", None])
    assert 8 <= len(operation) <= 128
    assert set(operation) <= set("abcdefghijklmnopqrstuvwxyz0123456789:")


@pytest.mark.parametrize("given", ["", "short", "G" * 32, ID + "0"])
def test_an_id_that_is_none_of_ours_is_replaced(given):
    assert forms.Form({"form": given}).id != given
    assert forms.Form({"form": ID}).id == ID


def test_every_wrong_field_is_named_at_once():
    with pytest.raises(forms.Refused) as refused:
        forms.convert({"name": "", "line1": "", "city": "Rome", "country": "it"}, AddressInput)
    assert set(refused.value.errors) == {"name", "line1", "country"}
    assert refused.value.errors["country"] == "Choose a country"


def test_missing_fields_are_named_as_well():
    with pytest.raises(forms.Refused) as refused:
        forms.convert({"email": "a@b.example"}, Registration)
    assert set(refused.value.errors) == {"password", "name"}


def test_what_is_right_is_taken():
    assert forms.convert({"sku": "MC-1", "quantity": 2}, LineInput) == LineInput("MC-1", 2)


def test_a_service_s_errors_come_back_by_field():
    problem = Unprocessable(
        errors=[FieldError("address.postal_code", "missing", "this field is required"), FieldError("email", "x", "no")]
    )
    assert forms.field_errors(problem) == {"postal_code": "This field is required", "email": "No"}
