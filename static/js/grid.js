/* table[data-grid]: number cells work as in a spreadsheet. Enter and arrows move in the column, Esc undoes the cell,
   Ctrl+S saves the draft, a block pasted from Excel is shown first and applied only when confirmed. */
(function () {
  "use strict";
  const { text, element } = window.CongTam;
  const CELL = "input.q, input[data-cell], select[data-cell]";
  const open = (input) => !input.readOnly && !input.disabled && input.offsetParent !== null;

  function rows(table) {
    return [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.querySelector(CELL));
  }

  function column(input) {
    return [...input.closest("tr").querySelectorAll(CELL)].indexOf(input);
  }

  function step(input, by) {
    const all = rows(input.closest("[data-grid]"));
    const place = column(input);
    for (let at = all.indexOf(input.closest("tr")) + by; at >= 0 && at < all.length; at += by) {
      const target = all[at].querySelectorAll(CELL)[place];
      if (target && open(target)) { target.focus(); if (target.select) target.select(); return true; }
    }
    return false;
  }

  /* "4", "4,5", "1.234,5" and "4.5" have one reading; "1.234" has two and is refused. */
  function read(typed, input) {
    const plain = typed.replace(/[\s\u00a0]/g, "").replace(/^[\u2212\u2013]/, "-");
    if (plain === "") return { value: "" };
    if (input.dataset.cell === "text") return { value: typed.trim() };
    if (/^-?\d{1,3}(\.\d{3})+$/.test(plain)) return { error: text("twoWays", { text: typed.trim() }) };
    let standard = null;
    if (/^-?\d+(,\d+)?$/.test(plain) || /^-?\d{1,3}(\.\d{3})+,\d+$/.test(plain)) standard = plain.replace(/\./g, "").replace(",", ".");
    else if (/^-?\d+\.\d+$/.test(plain)) standard = plain;
    if (standard === null) return { error: text("notANumber", { text: typed.trim() }) };
    const { min, max, places } = input.dataset;
    if (min !== undefined && Number(standard) < Number(min)) return { error: text("tooSmall", { text: typed.trim(), limit: min.replace(".", ",") }) };
    if (max !== undefined && Number(standard) > Number(max)) return { error: text("tooLarge", { text: typed.trim(), limit: max.replace(".", ",") }) };
    if (places !== undefined && (standard.split(".")[1] || "").length > Number(places)) return { error: text("tooLong", { text: typed.trim(), limit: places }) };
    return { value: standard.replace(".", ",") };
  }

  function parse(block) {
    const lines = block.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
    return lines.map((line) => line.split("\t"));
  }

  /* Each pasted text beside the cell it would fill, or beside why it cannot. */
  function plan(first, block) {
    const all = rows(first.closest("[data-grid]"));
    const top = all.indexOf(first.closest("tr")), left = column(first);
    const lines = parse(block);
    const wide = Math.max(...lines.map((line) => line.length));
    return lines.map((line, down) => [...line, ...Array(wide - line.length).fill("")].map((typed, right) => {
      const row = all[top + down];
      const input = row && row.querySelectorAll(CELL)[left + right];
      if (!input || !open(input) || input.tagName === "SELECT") return { typed, error: typed.trim() ? text("pasteOutside") : "" };
      return { typed, input, ...read(typed, input) };
    }));
  }

  function name(input) {
    return input.getAttribute("aria-label") || input.name;
  }

  function apply(cells) {
    for (const cell of cells) {
      if (!cell.input || cell.value === undefined || cell.value === "") continue;
      cell.input.value = cell.value;
      cell.input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const last = cells.filter((cell) => cell.input).pop();
    if (last) { last.input.dispatchEvent(new Event("change", { bubbles: true })); last.input.focus(); }
  }

  function ask(first, block) {
    const area = element("textarea", { "aria-labelledby": "paste-hint", spellcheck: "false" });
    area.value = block;
    const status = element("p", { role: "status", class: "note" });
    const preview = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": text("pasteTitle") });
    const yes = element("button", { type: "button", class: "btn primary" });
    const no = element("button", { type: "button", class: "btn" }, text("cancel"));
    const dialog = element("dialog", { "aria-labelledby": "paste-title" },
      element("div", { class: "card-head" }, element("h2", { id: "paste-title" }, text("pasteTitle"))),
      element("div", { class: "card-body" }, element("p", { id: "paste-hint", class: "note" }, text("pasteHint", { cell: name(first) })), area, status, preview),
      element("div", { class: "bar" }, yes, no));
    let cells = [];

    function show() {
      const lines = plan(first, area.value);
      cells = lines.flat();
      const good = cells.filter((cell) => cell.input && cell.value).length, bad = cells.filter((cell) => cell.error).length;
      status.textContent = area.value.trim() ? text("pastePreview", { good, bad }) : "";
      yes.textContent = text("pasteApply", { good });
      yes.toggleAttribute("disabled", !good);
      preview.hidden = !area.value.trim();
      preview.replaceChildren(element("table", {}, element("tbody", {}, ...lines.map((line, number) =>
        element("tr", { class: line.some((cell) => cell.error) ? "row-error" : null }, element("th", { scope: "row" }, text("row") + " " + (number + 1)),
          ...line.map((cell) => element("td", { class: "n" }, cell.value !== undefined && !cell.error ? cell.value || "–" : cell.typed,
            cell.error ? element("span", { class: "error" }, cell.error) : null)))))));
    }

    area.addEventListener("input", show);
    yes.addEventListener("click", () => { const chosen = cells; dialog.close(); apply(chosen); });
    no.addEventListener("click", () => { dialog.close(); first.focus(); });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    show();
    dialog.showModal();
    (block ? yes : area).focus();
  }

  function draft(form) {
    if (form.matches("[data-autosave]")) form.dispatchEvent(new CustomEvent("save-draft"));
    else {
      const button = form.querySelector("button[data-draft]");
      if (button) form.requestSubmit(button);
    }
  }

  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (event.isComposing || event.keyCode === 229 || !(input instanceof HTMLElement)) return;
    const form = input.closest("form");
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s" && (form || document.querySelector("form[data-autosave]"))) {
      event.preventDefault();
      draft(form || document.querySelector("form[data-autosave]"));
      return;
    }
    if (!input.matches(CELL) || !input.closest("[data-grid]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (input.tagName === "SELECT" && event.key !== "Enter") return;
    if (event.key === "Enter") { event.preventDefault(); step(input, event.shiftKey ? -1 : 1); }
    else if (event.key === "ArrowDown") { event.preventDefault(); step(input, 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); step(input, -1); }
    else if (event.key === "Escape" && input.dataset.before !== undefined && input.value !== input.dataset.before) {
      input.value = input.dataset.before;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.select();
    } else if (event.key === "F2" && input.setSelectionRange) input.setSelectionRange(input.value.length, input.value.length);
  });

  document.addEventListener("focusin", (event) => {
    if (!event.target.matches("[data-grid] input.q, [data-grid] input[data-cell]")) return;
    event.target.dataset.before = event.target.value;
    event.target.closest("[data-grid]").dataset.at = event.target.id || event.target.name;
    event.target.select();
  });

  /* The same words as the server's, beside the cell, when the cell is left. */
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches("[data-grid] input.q")) return;
    const { value, error } = read(input.value, input);
    const old = document.getElementById((input.id || input.name) + "-error");
    if (old) old.remove();
    input.toggleAttribute("aria-invalid", false);
    input.removeAttribute("aria-describedby");
    if (error) {
      const note = element("span", { class: "error", id: (input.id || input.name) + "-error" }, error);
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", note.id);
      input.after(note);
    } else input.value = value;
  });

  document.addEventListener("paste", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLElement) || !input.matches(CELL) || !input.closest("[data-grid]")) return;
    const block = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(block.replace(/[\r\n]+$/, ""))) return;
    event.preventDefault();
    ask(input, block);
  });

  /* button[data-grid-paste="id of the table"] or inside the same form. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-grid-paste]");
    if (!button) return;
    const table = document.getElementById(button.dataset.gridPaste) || button.closest("form, section").querySelector("[data-grid]");
    const cells = [...table.querySelectorAll(CELL)].filter(open);
    const first = cells.find((cell) => (cell.id || cell.name) === table.dataset.at) || cells[0];
    if (first) ask(first, "");
  });
})();
