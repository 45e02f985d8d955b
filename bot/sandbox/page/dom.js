/** Elements and icons. Text always goes in as text; nothing here parses HTML. */

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  add: ["M12 5v14", "M5 12h14"],
  attach: ["M20 11.5l-8.2 8.2a5 5 0 0 1-7.1-7.1l8.5-8.4a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4l7.6-7.6"],
  calls: ["M4 7h13", "M14 4l3 3-3 3", "M20 17H7", "M10 14l-3 3 3 3"],
  clock: ["M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18", "M12 7v5l3.5 2"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  down: ["M12 5v14", "M6 13l6 6 6-6"],
  edit: ["M4 20l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L8 19z"],
  file: ["M7 3h7l5 5v13H7z", "M14 3v5h5"],
  forward: ["M5 6l7 6-7 6z", "M13 6l7 6-7 6z"],
  keyboard: ["M3 6h18v12H3z", "M7 10h.01", "M11 10h.01", "M15 10h.01", "M8 14h8"],
  link: ["M8 16L17 7", "M10 7h7v7"],
  menu: ["M12 5.5h.01", "M12 12h.01", "M12 18.5h.01"],
  photo: ["M4 5h16v14H4z", "M4 16l5-5 4 4 2-2 5 5", "M15.5 9.5h.01"],
  pin: ["M9 4h6", "M10 4v6l-3 4h10l-3-4V4", "M12 14v6"],
  reply: ["M10 6L4 12l6 6", "M4 12h9a7 7 0 0 1 7 7"],
  send: ["M4 12l16-8-6 16-3-6z"],
  sticker: ["M12 3a9 9 0 1 0 9 9l-9-9z", "M12 3v5a4 4 0 0 0 4 4h5", "M8.5 14.5a4 4 0 0 0 5 1"],
  voice: ["M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3", "M6 11a6 6 0 0 0 12 0", "M12 17v4"],
};

/**
 * One element. `props` whose name begins with "on" are event listeners, the rest are attributes; null, undefined
 * and false leave an attribute out. Children are nodes or strings; null and false are skipped.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A decorative line icon; the accessible name comes from the button around it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

export function iconButton(name, label, onclick, props = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

export function hidden(text) {
  return el("span", { class: "visually-hidden" }, text);
}

/** A round badge with initials; its colour follows the id, so that a person keeps it everywhere. */
export function avatar(id, name) {
  const words = name.replace(/[^\p{L}\p{N} ]/gu, "").trim().split(/\s+/u).filter(Boolean);
  const initials = words.length > 1 ? words[0][0] + words.at(-1)[0] : (words[0] ?? "?").slice(0, 2);
  return el("span", { class: `avatar tone-${Math.abs(id) % 8}`, "aria-hidden": "true" }, initials.toUpperCase());
}

/** Replace the text only when it differs, so that live regions and selections stay quiet. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A button that opens a short list of further buttons. Escape, a choice or a press elsewhere closes it. */
export function menuButton(trigger, list) {
  const wrap = el("div", { class: "menu" }, trigger, list);
  const show = (open) => {
    list.hidden = !open;
    trigger.setAttribute("aria-expanded", String(open));
  };
  show(false);
  trigger.addEventListener("click", () => show(list.hidden));
  list.addEventListener("click", (event) => {
    if (event.target.closest("button")) show(false);
  });
  wrap.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    event.stopPropagation();
    show(false);
    trigger.focus();
  });
  wrap.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !wrap.contains(event.relatedTarget)) show(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!wrap.contains(event.target)) show(false);
  });
  return wrap;
}
