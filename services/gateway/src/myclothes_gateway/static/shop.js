// Comfort only: every page works without this file.
"use strict";

// What went wrong is read out and in view, right after the page has loaded.
const wrong = document.querySelector("[data-focus]");
if (wrong) wrong.focus();

// A form that is on its way is not sent a second time; the server would count it once anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});

// Back from the next page: forms can be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});
