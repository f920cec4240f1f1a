/* The row whose reasons stand in the panel is the marked one. */
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const link = event.target.closest("tbody a[hx-target]");
    if (!link) return;
    for (const row of document.querySelectorAll("tr.current")) row.classList.remove("current");
    link.closest("tr").classList.add("current");
  });
})();
