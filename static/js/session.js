/* The session's time: typing keeps it alive, a dialog warns before it ends, and afterwards nothing stays readable on the screen. */
(function () {
  "use strict";
  const { csrf } = window.CongTam;
  const box = document.getElementById("session-warning");
  if (!box) return;
  const idle = Number(box.dataset.idle) * 1000, warn = Number(box.dataset.warn) * 1000;
  const pause = Math.min(60000, idle / 15), title = document.getElementById("session-title"), says = document.getElementById("session-says");
  const countdown = box.querySelector("[data-countdown]"), announced = box.querySelector("[data-announced]");
  const keep = box.querySelector("[data-continue]"), again = box.querySelector("[data-again]");
  let ends = Date.now() + Number(box.dataset.left) * 1000, told = Date.now(), used = false, asking = false, over = false, said = 0;

  async function call(address, method) {
    asking = true;
    try {
      const headers = { "X-Requested-With": "fetch", Accept: "application/json" };
      if (method === "POST") headers["X-CSRFToken"] = csrf();
      else headers["X-Background"] = "1";
      const answer = await fetch(address, { method, credentials: "same-origin", redirect: "manual", headers });
      if (answer.status === 401 || answer.type === "opaqueredirect") return null;
      if (answer.ok) ends = Date.now() + (await answer.json()).left * 1000;
      return answer.ok;
    } catch (error) {
      return undefined; // no connection: the clock goes on
    } finally {
      asking = false;
    }
  }

  async function note() {
    used = false;
    told = Date.now();
    await call(box.dataset.keep, "POST");
  }

  function clock(left) {
    const seconds = Math.max(0, Math.ceil(left / 1000));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  function show() {
    if (!box.open) { box.showModal(); keep.focus(); said = 0; }
  }

  function hide() {
    over = false;
    again.hidden = true;
    keep.hidden = false;
    document.body.classList.remove("locked");
    if (box.open) box.close();
  }

  /* Nothing typed: the sign-in page takes the place of this one. Something typed: it waits, unreadable, until the person is back. */
  function lock() {
    if (over) return;
    if (!document.querySelector("form[data-dirty]")) { location.replace(box.dataset.signIn); return; }
    over = true;
    title.textContent = box.dataset.overTitle;
    says.textContent = box.dataset.overSays;
    countdown.textContent = "";
    keep.hidden = true;
    again.hidden = false;
    document.body.classList.add("locked");
    if (!box.open) box.showModal();
    again.focus();
  }

  async function tick() {
    if (asking) return;
    if (over) { if (await call(box.dataset.ask, "GET")) hide(); return; }
    if (used && Date.now() - told >= pause) { await note(); if (box.open) hide(); return; }
    let left = ends - Date.now();
    if (left > warn) { if (box.open) hide(); return; }
    if (!box.open || left <= 0) {
      if ((await call(box.dataset.ask, "GET")) === null) { lock(); return; } // another tab may have kept the session
      left = ends - Date.now();
      if (left > warn) { hide(); return; }
    }
    show();
    countdown.textContent = clock(left);
    if (Math.ceil(left / 60000) !== said) {
      said = Math.ceil(left / 60000);
      announced.textContent = box.dataset.announce.replace("{time}", clock(left));
    }
  }

  async function goOn() {
    if ((await call(box.dataset.keep, "POST")) === null) lock();
    else { told = Date.now(); used = false; hide(); }
  }

  function here() { if (!box.open) used = true; }
  for (const name of ["keydown", "pointerdown", "input", "wheel"]) document.addEventListener(name, here, { passive: true, capture: true });
  keep.addEventListener("click", goOn);
  box.addEventListener("cancel", (event) => { event.preventDefault(); if (!over) goOn(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  window.addEventListener("focus", tick);
  window.addEventListener("pageshow", (event) => { if (event.persisted) tick(); });
  setInterval(tick, Math.min(1000, idle / 60));
})();
