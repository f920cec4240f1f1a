/* htmx speaks with our server: the CSRF header on every change, and never a silent failure. */
(function () {
  "use strict";
  const { text, toast, signInLink, csrf, element } = window.CongTam;

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrf();
    if (!event.detail.triggeringEvent) event.detail.headers["X-Background"] = "1"; // polled: nobody pressed anything
  });

  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    const confirm = event.detail.xhr.getResponseHeader("X-Confirm");
    if (confirm) toast(text("confirm"), "error", element("a", { href: confirm }, text("confirmLink")));
    else if (status === 401) toast(text("signedOut"), "error", signInLink());
    else toast(text("failed"), "error", element("a", { href: location.href }, text("reload")));
  });

  document.addEventListener("htmx:sendError", () => toast(text("offline"), "error"));

  /* A swapped-in error summary takes the focus as one of a full page does. */
  document.addEventListener("htmx:afterSettle", (event) => {
    const summary = event.target.querySelector && event.target.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  });
})();
