/* What every page needs: translated words, toasts, focus on the error summary, forms sent once. */
(function () {
  "use strict";
  const texts = document.getElementById("texts").dataset;

  function text(name, values) {
    return (texts[name] || "").replace(/\{(\w+)\}/g, (all, key) => (values && key in values ? values[key] : all));
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === true) made.setAttribute(key, "");
      else if (value !== false && value != null) made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child != null));
    return made;
  }

  function toast(message, kind, link) {
    const box = document.getElementById("toasts");
    const close = element("button", { type: "button", class: "link" }, text("close"));
    const note = element("div", { class: "notice " + (kind || "info") }, element("span", {}, message, link ? " " : null, link), close);
    close.addEventListener("click", () => note.remove());
    for (const old of box.children) if (old.firstChild.textContent === note.firstChild.textContent) old.remove();
    box.append(note);
    return note;
  }

  function signInLink() {
    return element("a", { href: "/", target: "_blank", rel: "noopener" }, text("signIn"));
  }

  function csrf() {
    return document.querySelector('meta[name="csrf-token"]').content;
  }

  function typing(target) {
    return target instanceof HTMLElement &&
      (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit])"));
  }

  window.CongTam = { text, element, toast, signInLink, csrf, typing };

  const summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-error-summary] a[href^='#']");
    const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (target) {
      event.preventDefault();
      const control = target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea") || target;
      control.focus();
      control.scrollIntoView({ block: "center" });
    }
    for (const panel of document.querySelectorAll("details.who[open]")) if (!panel.contains(event.target)) panel.open = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const panel of document.querySelectorAll("details.who[open]")) {
      panel.open = false;
      panel.querySelector("summary").focus();
    }
  });

  /* The second press of a send button does nothing; coming back to the page frees it again. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[data-once]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
    }
  });

  /* Filters answer at once; without scripts their button does it. */
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto-submit]");
    if (form && event.target.matches("select, input[type=checkbox], input[type=radio]")) form.requestSubmit();
  });

  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());

  // On a phone the menu is wider than the screen: the reader sees where they are.
  const here = document.querySelector(".menu [aria-current]");
  if (here) here.scrollIntoView({ block: "nearest", inline: "nearest" });
})();
