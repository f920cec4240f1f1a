/* [data-picker][data-url]: a combobox over the server's search. The server searches without accents and answers
   {"options": [{"id", "label", "detail"?, "match"? (why it matched), "group"? (heading)}]}; choosing fills the hidden
   input and sends "picked" (bubbles, detail: the option) and "change". */
(function () {
  "use strict";
  const { text, element, toast, signInLink } = window.CongTam;

  function start(box) {
    const input = box.querySelector("input[type=search]"), value = box.querySelector("input[type=hidden]");
    const list = box.querySelector("ul"), status = box.querySelector("[role=status]");
    let options = [], at = -1, timer = 0, asked = 0;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.labels[0] ? input.labels[0].textContent : input.name);
    for (const [key, setting] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(key, setting);

    function close() {
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function point(to) {
      const items = list.querySelectorAll("[role=option]");
      if (!items.length) return;
      at = (to + items.length) % items.length;
      items.forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
      input.setAttribute("aria-activedescendant", items[at].id);
      items[at].scrollIntoView({ block: "nearest" });
    }

    function show(found) {
      options = found;
      list.replaceChildren();
      let group = null;
      found.forEach((option, number) => {
        if (option.group && option.group !== group) {
          group = option.group;
          list.append(element("li", { class: "group", role: "presentation" }, group));
        }
        const detail = [option.detail, option.match].filter(Boolean).join(" · ");
        const item = element("li", { role: "option", id: `${list.id}-${number}`, "aria-selected": "false" }, option.label, detail ? element("small", {}, detail) : null);
        item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(number); });
        list.append(item);
      });
      at = -1;
      list.hidden = found.length === 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      status.textContent = found.length ? text("found", { count: found.length }) : text("nothingFound", { text: input.value });
      status.classList.toggle("visually-hidden", found.length > 0);
    }

    async function search() {
      const mine = ++asked;
      try {
        const url = new URL(box.dataset.url, location.href);
        url.searchParams.set("q", input.value.trim());
        const answer = await fetch(url, { headers: { Accept: "application/json", "X-Requested-With": "fetch" }, credentials: "same-origin", redirect: "manual" });
        if (mine !== asked) return;
        if (answer.ok) show((await answer.json()).options);
        else if (answer.status === 401 || answer.type === "opaqueredirect") toast(text("signedOut"), "error", signInLink());
        else toast(text("failed"), "error");
      } catch (error) {
        if (mine === asked) toast(text("offline"), "error");
      }
    }

    function choose(number) {
      const option = options[number];
      input.value = option.label;
      value.value = option.id;
      close();
      value.dispatchEvent(new Event("change", { bubbles: true }));
      box.dispatchEvent(new CustomEvent("picked", { bubbles: true, detail: option }));
    }

    input.addEventListener("input", (event) => {
      value.value = "";
      if (event.isComposing) return;
      clearTimeout(timer);
      timer = setTimeout(search, 200);
    });
    input.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(search, 200); });
    input.addEventListener("focus", () => { if (!value.value) search(); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) search(); else point(at + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); point(at < 0 ? -1 : at - 1); }
      else if (event.key === "Enter" && !list.hidden) { event.preventDefault(); if (at >= 0) choose(at); else if (options.length === 1) choose(0); }
      else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
    });
  }

  for (const box of document.querySelectorAll("[data-picker]")) start(box);
  document.addEventListener("htmx:load", (event) => { for (const box of event.target.querySelectorAll("[data-picker]")) if (!box.querySelector("[role=combobox]")) start(box); });
})();
