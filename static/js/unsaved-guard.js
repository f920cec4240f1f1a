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

  /* Typed text is sent only while signed in: the sign-in page in place of an answer would lose it. Autosave looks itself. */
  const { text, toast, signInLink } = window.CongTam;
  let released = null;
  const typed = (form) => [...form.elements].some((one) =>
    one.matches("textarea, input:not([type=hidden]):not([type=checkbox]):not([type=radio])") && one.value !== one.defaultValue);

  async function freshToken() {
    const answer = await fetch("/", { credentials: "same-origin", redirect: "manual", headers: { "X-Requested-With": "fetch" } });
    if (answer.status === 401 || answer.type === "opaqueredirect") return false;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector('meta[name="csrf-token"]');
    if (answer.ok && fresh) for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = fresh.content;
    return true;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form === released || form.getAttribute("method") !== "post" || form.matches("[data-autosave]") ||
        form.querySelector("[type=password], [autocomplete=one-time-code]") || !typed(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.dataset.asking) return;
    form.dataset.asking = "1";
    try {
      if (await freshToken()) {
        released = form;
        form.requestSubmit(event.submitter);
      } else toast(text("signedOut"), "error", signInLink());
    } catch (error) {
      toast(text("offline"), "error");
    } finally {
      released = null;
      delete form.dataset.asking;
    }
  }, true);
  window.addEventListener("beforeunload", (event) => {
    if (!document.querySelector("form[data-dirty]")) return;
    event.preventDefault();
    event.returnValue = window.CongTam.text("leave");
  });
})();
