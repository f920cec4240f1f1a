/* table[data-inbox]: J and K move between rows (tr[data-row]), Space ticks, O opens; the button counts what is ticked.
   button[data-count-label="Accept {n} chosen sheets"], [data-pick-all] ticks every box of the page. */
(function () {
  "use strict";
  const { typing } = window.CongTam;

  for (const table of document.querySelectorAll("table[data-inbox]")) {
    const scope = table.closest("form") || table.closest("section") || document.body;
    const rows = () => [...table.querySelectorAll("tr[data-row]")];
    const boxes = () => [...table.querySelectorAll("tr[data-row] input.pick:not(:disabled)")];
    const current = () => table.querySelector("tr.current");

    function go(row) {
      if (!row) return;
      for (const other of rows()) other.classList.toggle("current", other === row);
      const target = row.querySelector("input.pick:not(:disabled)") || row.querySelector("[data-open]") || row.querySelector("a, button");
      if (target) target.focus({ preventScroll: true });
      row.scrollIntoView({ block: "nearest" });
    }

    function move(by) {
      const all = rows();
      const at = all.indexOf(current());
      go(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[Math.min(Math.max(at + by, 0), all.length - 1)]);
    }

    function count() {
      const chosen = boxes().filter((box) => box.checked).length;
      for (const button of scope.querySelectorAll("[data-count-label]")) {
        button.textContent = button.dataset.countLabel.replace("{n}", chosen);
        button.toggleAttribute("disabled", chosen === 0);
      }
      for (const all of scope.querySelectorAll("[data-pick-all]")) {
        all.checked = chosen > 0 && chosen === boxes().length;
        all.indeterminate = chosen > 0 && chosen < boxes().length;
      }
    }

    scope.addEventListener("change", (event) => {
      if (event.target.matches("[data-pick-all]")) for (const box of boxes()) box.checked = event.target.checked;
      if (event.target.matches("[data-pick-all], input.pick")) count();
    });

    table.addEventListener("focusin", (event) => {
      const row = event.target.closest("tr[data-row]");
      if (row && table.contains(row)) for (const other of rows()) other.classList.toggle("current", other === row);
    });

    document.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
      if (typing(event.target) || document.querySelector("dialog[open]")) return;
      const key = event.key.toLowerCase(), row = current();
      if (key === "j") { event.preventDefault(); move(1); }
      else if (key === "k") { event.preventDefault(); move(-1); }
      else if (key === "o" && row) {
        const link = row.querySelector("[data-open]");
        if (link) { event.preventDefault(); link.click(); }
      } else if (event.key === " " && row && !event.target.matches("button, a, summary, input")) {
        const box = row.querySelector("input.pick:not(:disabled)");
        if (box) { event.preventDefault(); box.click(); }
      }
    });

    document.addEventListener("htmx:afterSettle", count);
    count();
  }
})();
