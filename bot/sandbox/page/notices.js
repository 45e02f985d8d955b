/** Short words over the page: toasts, alerts that want an OK, a picture at full size, dialogs. */

import { el, iconButton } from "./dom.js";

const SHORTEST_MS = 4000;
const PER_LETTER_MS = 60;

/** Show `text` in `region` (a live region) long enough to be read. `tone` is "refused" for what did not work. */
export function showToast(region, text, tone = "plain") {
  const toast = el("p", { class: `toast ${tone}` }, text);
  region.replaceChildren(toast);
  setTimeout(() => toast.remove(), Math.max(SHORTEST_MS, text.length * PER_LETTER_MS));
}

/** The alert of an answered tap, over its own chat only; the focus goes back to `origin`. */
export function showAlert(chatNode, text, origin) {
  const close = () => {
    box.remove();
    if (origin.isConnected) origin.focus();
  };
  const ok = el("button", { type: "button", class: "wide-button", onclick: close }, "OK");
  const panel = el("div", { class: "alert", role: "alertdialog", "aria-label": "Message from the bot" }, el("p", {}, text), ok);
  const box = el("div", { class: "alert-cover" }, panel);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Tab") event.preventDefault();
  });
  chatNode.append(box);
  ok.focus();
}

export function showPicture(address, name) {
  openDialog("picture-dialog", name, el("img", { src: address, alt: name }));
}

/** A modal dialog with a title and a close button; gone from the page when closed. */
export function openDialog(className, title, ...content) {
  const heading = el("h2", {}, title);
  const close = iconButton("close", "Close", () => dialog.close());
  const dialog = el("dialog", { class: className, "aria-label": title }, el("div", { class: "dialog-head" }, heading, close), ...content);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
