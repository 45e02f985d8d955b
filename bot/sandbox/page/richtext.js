/**
 * Formatted message text. The server renders entities to HTML; this rebuilds it from a short list of allowed tags,
 * so that a fault in that renderer still cannot run anything here. Newlines stay newlines (CSS: pre-wrap).
 */

import { el } from "./dom.js";

const TAGS = {
  B: "strong", STRONG: "strong", I: "em", EM: "em", U: "u", INS: "u", S: "s", STRIKE: "s", DEL: "s",
  CODE: "code", PRE: "pre", BLOCKQUOTE: "blockquote", BR: "br", A: "a",
};
const DROPPED = new Set(["SCRIPT", "STYLE", "TEMPLATE", "IFRAME", "OBJECT", "EMBED", "SVG", "MATH", "NOSCRIPT"]);
// A document of its own, outside any window: in it no script runs, no image loads, no handler fires.
const inert = document.implementation.createHTMLDocument("");
const SCHEMES = new Set(["http:", "https:", "tg:", "mailto:", "tel:"]);

/** A fragment with the allowed formatting of `html`; everything else is kept as plain text or dropped. */
export function fromHtml(html) {
  const fragment = document.createDocumentFragment();
  if (/[<&]/.test(html)) {
    inert.body.innerHTML = html;
    copy(inert.body, fragment);
  } else fragment.append(html);
  return fragment;
}

function copy(source, target) {
  for (const child of source.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) target.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE && !DROPPED.has(child.tagName.toUpperCase())) {
      const twin = allowed(child);
      copy(child, twin ?? target);
      if (twin) target.append(twin);
    }
  }
}

function allowed(source) {
  if (source.tagName === "TG-SPOILER" || ["spoiler", "tg-spoiler"].some((name) => source.classList.contains(name))) return spoiler();
  const tag = TAGS[source.tagName];
  if (!tag) return null;
  if (tag !== "a") return el(tag);
  const href = safeAddress(source.getAttribute("href"));
  return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }) : null;
}

function spoiler() {
  const reveal = (event) => event.currentTarget.classList.add("revealed");
  return el("button", { type: "button", class: "spoiler", onclick: reveal });
}

/** `address` when it leads to a page, a chat, a phone number or a mailbox; null for anything that could run. */
export function safeAddress(address) {
  if (!address) return null;
  try {
    return SCHEMES.has(new URL(address, window.location.href).protocol) ? address : null;
  } catch {
    return null;
  }
}
