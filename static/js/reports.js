/* The sheet of a month: the projected score after each save, Alt+N, the space bar as "all points", two versions. */
(function () {
  "use strict";
  for (const part of document.querySelectorAll("[data-with-script]")) part.hidden = false;
  const form = document.getElementById("sheet");
  if (!form) return;

  form.addEventListener("saved", (event) => {
    const { projection, corrected, late } = event.detail;
    const place = document.getElementById("projection");
    if (place && projection) place.innerHTML = projection;
    for (const [name, value] of Object.entries(corrected || {})) {
      const input = form.elements.namedItem(name);
      if (input && input !== document.activeElement) input.value = value;
    }
    for (const note of form.querySelectorAll("[data-late]")) note.hidden = !(late || []).includes(note.dataset.late);
  });

  /* The comparison page keeps what was typed: the form itself is sent to it. */
  form.addEventListener("conflict", () => {
    for (const status of document.querySelectorAll("[data-save-status] a")) {
      status.textContent = form.dataset.compare;
      status.addEventListener("click", (event) => { event.preventDefault(); delete form.dataset.dirty; form.submit(); });
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.altKey && !event.ctrlKey && event.code === "KeyN") {
      event.preventDefault();
      form.requestSubmit(document.getElementById("add-work"));
    }
    const input = event.target;
    if (event.key === " " && input instanceof HTMLInputElement && input.dataset.most) {
      event.preventDefault();
      input.value = input.dataset.most;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
})();
