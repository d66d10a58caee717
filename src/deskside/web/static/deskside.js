// Deskside's own progressive enhancement. Every page works without it.
// Loaded in <head> before the first paint, so that a chosen theme never flashes.
(() => {
  "use strict";
  const root = document.documentElement;
  const store = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window */ } },
  };
  const chosen = store.get("deskside-theme");
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  root.classList.add("ds-js");

  const dark = () =>
    (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  function themeToggle(button) {
    const show = () => button.setAttribute("aria-pressed", String(dark()));
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      store.set("deskside-theme", root.dataset.theme);
      show();
    });
  }

  function copyButton(button) {
    const target = document.getElementById(button.dataset.copy);
    if (!target || !navigator.clipboard) return;
    const label = button.querySelector("[data-label]");
    const before = label.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(target.textContent.trim());
      label.textContent = button.dataset.done;
      setTimeout(() => { label.textContent = before; }, 2000);
    });
  }

  function passwordToggle(button) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    const status = document.getElementById(`${input.id}-status`);
    const show = (visible) => {
      input.type = visible ? "text" : "password";
      button.textContent = visible ? button.dataset.hide : button.dataset.show;
      button.setAttribute("aria-label", visible ? button.dataset.hideLabel : button.dataset.showLabel);
      if (status) status.textContent = visible ? button.dataset.shown : button.dataset.hidden;
    };
    button.hidden = false;
    button.addEventListener("click", () => show(input.type === "password"));
    // A revealed password must not be kept by the browser as plain form text.
    input.form?.addEventListener("submit", () => show(false));
  }

  function errorSummary(summary) {
    summary.tabIndex = -1;
    summary.focus();
    summary.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      const field = link && document.getElementById(link.hash.slice(1));
      if (!field) return;
      event.preventDefault();
      (field.labels?.[0] || field.closest("fieldset") || field).scrollIntoView();
      field.focus({ preventScroll: true });
    });
  }

  // Digits, Enter and Backspace work the card's keys, as on a calculator.
  function cardKeys(card) {
    const names = { Enter: "OK", Backspace: "C", Delete: "C", Escape: "C" };
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const on = document.activeElement;
      if (on?.matches("input, textarea, select, a, summary") || (on?.matches("button") && event.key === "Enter" && !card.contains(on))) return;
      const name = /^[0-9]$/.test(event.key) ? event.key : names[event.key];
      const key = name && document.querySelector(`.ds-pad button[value="${name}"]`);
      if (!key) return;
      event.preventDefault();
      key.click();
    });
  }

  // Where the person is in the page is known to the browser alone.
  function keepPlace(form) {
    form.addEventListener("submit", () => {
      const next = form.elements.namedItem("next");
      next.value = next.value.split("#")[0] + location.hash;
    });
  }

  function menus() {
    const open = () => document.querySelectorAll("details.ds-menu[open]");
    document.addEventListener("click", (event) => {
      open().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      open().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
    });
  }

  function enhance(scope) {
    scope.querySelectorAll("[data-copy]:not([data-on])").forEach((b) => { b.dataset.on = ""; copyButton(b); });
    scope.querySelectorAll("[data-reveal]:not([data-on])").forEach((b) => { b.dataset.on = ""; passwordToggle(b); });
    scope.querySelectorAll("[data-theme-toggle]:not([data-on])").forEach((b) => { b.dataset.on = ""; themeToggle(b); });
    const summary = scope.querySelector("[data-error-summary]:not([data-on])");
    if (summary) { summary.dataset.on = ""; errorSummary(summary); }
  }

  document.addEventListener("DOMContentLoaded", () => {
    enhance(document);
    menus();
    document.querySelectorAll('form[action="/language"]').forEach(keepPlace);
    document.querySelectorAll("[data-focus]").forEach((part) => { part.tabIndex = -1; part.focus(); });
    document.querySelectorAll(".ds-pad").forEach(cardKeys);
    document.body.addEventListener("htmx:afterSettle", () => enhance(document));
    const toast = document.getElementById("ds-toast");
    const warn = () => { if (toast) { toast.hidden = false; setTimeout(() => { toast.hidden = true; }, 8000); } };
    ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) =>
      document.body.addEventListener(name, (event) => { if (event.detail.xhr?.status !== 422) warn(); }));
  });
})();
