/* form[data-guard]: leaving the page with typed but unsent changes asks first. Autosave clears the mark. */
(function () {
  "use strict";
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.matches("[data-guard], [data-autosave]") && event.target.name) form.dataset.dirty = "1";
  });
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) delete event.target.dataset.dirty;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!document.querySelector("form[data-dirty]")) return;
    event.preventDefault();
    event.returnValue = window.CongTam.text("leave");
  });
})();
