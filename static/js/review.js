/* The panel of a sheet: a reason is asked for only where something differs; one press gives every criterion its self score. */
(function () {
  "use strict";
  const plain = (text) => text.trim().replace(",", ".").replace(/^0+(?=\d)/, "").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

  function show(place) {
    const reason = place.querySelector("[data-reason]");
    if (!reason) return;
    const radio = place.querySelector("input[type=radio]:checked");
    const differs = place.matches("[data-ratio]")
      ? Boolean(radio && radio.value !== "100")
      : [...place.querySelectorAll("[data-reported]")].some((cell) => plain(cell.value) !== plain(cell.dataset.reported));
    reason.hidden = !differs && !reason.querySelector(".error");
  }

  function refresh(scope) {
    for (const place of scope.querySelectorAll("form[data-review] [data-line], form[data-review] [data-ratio]")) show(place);
  }

  for (const name of ["input", "change"]) document.addEventListener(name, (event) => {
    const place = event.target.closest("form[data-review] [data-line], form[data-review] [data-ratio]");
    if (place) show(place);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-as-self]");
    if (!button) return;
    for (const cell of button.closest("details").querySelectorAll("[data-reported]")) cell.value = cell.dataset.reported;
    refresh(document);
    button.closest("form").dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("htmx:afterSettle", () => refresh(document));
  refresh(document);
})();
