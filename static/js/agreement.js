/* button[data-needs="id id"]: cannot be pressed until these boxes are ticked. Without scripts the server refuses. */
(function () {
  "use strict";
  for (const button of document.querySelectorAll("button[data-needs]")) {
    const boxes = button.dataset.needs.split(" ").filter(Boolean).map((id) => document.getElementById(id)).filter(Boolean);
    const judge = () => { button.disabled = boxes.some((box) => !box.checked); };
    boxes.forEach((box) => box.addEventListener("change", judge));
    window.addEventListener("pageshow", judge);
    judge();
  }
})();
