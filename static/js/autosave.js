/* form[data-autosave=url]: drafts are kept on the server within 3 seconds of a change, and a failure is never silent.

   Sends the form as urlencoded text with X-CSRFToken and X-Requested-With: fetch. The server answers JSON:
   200 {saved_at, version, live?}   422 {message, faults: [{place: field, message}]}   409 {message}   401 signed out.
   live: {key: text} fills [data-live=key]. After a save the form sends the event "saved" (htmx: hx-trigger="saved from:body"). */
(function () {
  "use strict";
  const { text, element, toast, signInLink, csrf } = window.CongTam;
  const WAIT = 1500;
  const RETRIES = [2000, 5000, 10000, 20000];

  function start(form) {
    let timer = 0, running = false, again = false, failures = 0, stopped = false, signedIn = true, sending = false;
    const places = () => document.querySelectorAll(form.id ? `[data-save-status="${form.id}"], [data-save-status=""]` : "[data-save-status]");

    function say(message, failed, link) {
      for (const place of places()) {
        place.replaceChildren(message, link ? " " : "", link || "");
        place.classList.toggle("failed", Boolean(failed));
      }
    }

    function later(wait) {
      clearTimeout(timer);
      timer = setTimeout(save, wait);
    }

    function body() {
      const data = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
      return data;
    }

    function mark(faults) {
      for (const old of form.querySelectorAll("[data-autosave-error]")) {
        const input = document.getElementById(old.dataset.autosaveError);
        if (input) { input.removeAttribute("aria-invalid"); input.removeAttribute("aria-describedby"); }
        old.remove();
      }
      for (const { place: name, message: sentence } of faults || []) {
        const input = name ? form.elements.namedItem(name) : null;
        if (!(input instanceof HTMLElement)) { toast(sentence, "error"); continue; }
        input.id = input.id || name;
        const note = element("span", { class: "error", id: input.id + "-autosave", "data-autosave-error": input.id }, sentence);
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", note.id);
        input.after(note);
      }
    }

    /* After signing in again in another tab this page's token is stale: take the new one and keep what was typed. */
    async function renewToken() {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "manual", headers: { "X-Requested-With": "fetch" } });
      if (!answer.ok) return false;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector('meta[name="csrf-token"]');
      if (!fresh || fresh.content === csrf()) return false;
      document.querySelector('meta[name="csrf-token"]').content = fresh.content;
      for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = fresh.content;
      return true;
    }

    async function save() {
      clearTimeout(timer);
      if (stopped) return;
      if (running) { again = true; return; }
      running = true;
      again = false;
      const sent = body();
      say(text("saving"));
      try {
        const answer = await fetch(form.dataset.autosave, {
          method: "POST", body: sent, credentials: "same-origin", redirect: "manual", keepalive: true,
          headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch", Accept: "application/json" },
        });
        const json = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
        if (answer.ok) succeed(json, sent);
        else if (answer.status === 401 || answer.type === "opaqueredirect") signedOut();
        else if (answer.status === 409) conflict(json);
        else if (answer.status === 400 && (await renewToken())) again = true;
        else if (answer.status === 422 || answer.status === 400 || answer.status === 403 || answer.status === 404) refused(json);
        else failed();
      } catch (error) {
        failed();
      } finally {
        running = false;
        if (again && !stopped) later(300);
      }
    }

    function succeed(json, sent) {
      failures = 0;
      signedIn = true;
      mark([]);
      if (json.version != null && form.elements.version) form.elements.version.value = json.version;
      for (const [key, value] of Object.entries(json.live || {})) {
        for (const place of document.querySelectorAll(`[data-live="${CSS.escape(key)}"]`)) place.textContent = value;
      }
      const now = body(), before = new URLSearchParams(sent);
      now.delete("version"); before.delete("version");
      if (now.toString() === before.toString()) delete form.dataset.dirty;
      else again = true;
      say(text("saved", { time: json.saved_at || new Date().toLocaleTimeString("vi-VN", { hour12: false }) }));
      form.dispatchEvent(new CustomEvent("saved", { bubbles: true, detail: json }));
    }

    function refused(json) {
      failures = 0;
      mark(json.faults);
      say(json.message || text("refused"), true);
    }

    function conflict(json) {
      stopped = true;
      say(json.message || text("conflict"), true, element("a", { href: location.href }, text("reload")));
      form.dispatchEvent(new CustomEvent("conflict", { bubbles: true, detail: json }));
    }

    function signedOut() {
      signedIn = false;
      say(text("signedOut"), true, signInLink());
      later(20000);
    }

    function failed() {
      say(text("notSaved"), true);
      later(RETRIES[Math.min(failures, RETRIES.length - 1)]);
      failures += 1;
    }

    function changed(event) {
      if (!event.target.name || event.target.type === "file" || event.target.closest("[data-no-autosave]")) return;
      form.dataset.dirty = "1";
      if (!running) later(failures ? RETRIES[0] : WAIT);
      else again = true;
    }

    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    form.addEventListener("focusout", () => { if (form.dataset.dirty && !running) later(200); });
    form.addEventListener("save-draft", () => { form.dataset.dirty = "1"; save(); });

    /* What is typed goes to the server first: an ended session or a lost line keeps the page, and nothing is lost. */
    form.addEventListener("submit", async (event) => {
      if (event.defaultPrevented) return;
      if (sending || stopped || !form.dataset.dirty) { stopped = true; clearTimeout(timer); return; }
      event.preventDefault();
      do {
        clearTimeout(timer);
        if (running) await new Promise((resolve) => setTimeout(resolve, 50));
        else await save();
      } while (running || again);
      if (!signedIn || failures) return;
      sending = true;
      form.requestSubmit(event.submitter);
      sending = false;
    });
    window.addEventListener("online", () => { if (form.dataset.dirty) later(100); });
    document.addEventListener("visibilitychange", () => { if (form.dataset.dirty) save(); });
    window.addEventListener("pageshow", () => { if (stopped && !form.dataset.sent) stopped = false; });
  }

  for (const form of document.querySelectorAll("form[data-autosave]")) start(form);
})();
