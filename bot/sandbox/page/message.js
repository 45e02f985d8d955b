/** One message as a chat shows it: bubble, media, quote, time, inline keyboard, and what can be done with it. */

import { el, hidden, icon } from "./dom.js";
import { fromHtml, safeAddress } from "./richtext.js";
import { instant, timeOf } from "./times.js";

/**
 * `view`: {viewer: user id whose side this is, follows: same sender as the message above, sender: name, showSender,
 * quoted: {name, text, id} | null, on: {tap, link, jump, look, reply, edit}}.
 */
export function buildMessage(message, view) {
  if (message.kind === "service") {
    return el("li", { class: "service", "data-id": message.id }, el("span", {}, message.text));
  }
  const mine = !message.from_bot && message.from_id === view.viewer;
  const side = mine ? "mine" : message.from_bot ? "bot" : "other";
  const keyboard = message.keyboard?.length ? buildKeyboard(message, view) : null;
  const classes = ["message", side, view.follows && "follows", keyboard && "with-keyboard", message.file && `has-${message.kind}`];
  return el(
    "li",
    { class: classes.filter(Boolean).join(" "), "data-id": message.id, tabindex: "-1" },
    el("div", { class: "bubble" }, ...bubbleParts(message, view)),
    keyboard,
    buildActions(message, mine, view),
  );
}

function bubbleParts(message, view) {
  const media = buildMedia(message, view);
  const html = message.html || "";
  const words = message.text || message.caption || "";
  return [
    view.showSender ? el("span", { class: "sender" }, view.sender) : hidden(`${view.sender}: `),
    view.quoted && buildQuote(view.quoted, view),
    media,
    (html || words) && buildText(html, words, view),
    el(
      "span",
      { class: "meta" },
      ...Object.values(message.reactions ?? {}).flat().map((mark) => el("span", { class: "reaction" }, hidden("Reaction "), mark)),
      message.edited && el("span", { class: "edited" }, "edited"),
      el("time", { datetime: instant(message.date).toISOString() }, timeOf(message.date)),
    ),
  ];
}

function buildText(html, words, view) {
  const text = el("span", { class: "text", dir: "auto" }, html ? fromHtml(html) : words);
  text.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && view.on.link(link.href)) event.preventDefault();
  });
  return text;
}

function buildQuote(quoted, view) {
  return el(
    "button",
    { type: "button", class: "quote", "aria-label": `In reply to ${quoted.name}: ${quoted.text}`, onclick: () => view.on.jump(quoted.id) },
    el("strong", {}, quoted.name),
    el("span", {}, quoted.text),
  );
}

function buildMedia(message, view) {
  const file = message.file;
  if (message.kind === "text") return null;
  const address = file && safeAddress(file.url);
  if (message.kind === "voice") return buildVoice(address);
  const picture = address && (message.kind !== "document" || file.mime?.startsWith("image/"));
  if (message.kind === "sticker" && !picture) return el("span", { class: "stand-in" }, icon("sticker"), "Sticker");
  if (message.kind === "photo" && !picture) return el("span", { class: "stand-in" }, icon("photo"), "Photo");
  return el(
    "span",
    { class: "media" },
    picture && buildPicture(message, address, view),
    message.kind === "document" && buildDocument(file, address),
  );
}

function buildPicture(message, address, view) {
  const name = message.caption || message.file.name || message.kind;
  const image = el("img", { src: address, alt: name, decoding: "async" });
  image.addEventListener("error", () => image.closest("button").classList.add("missing"));
  return el(
    "button",
    { type: "button", class: `picture ${message.kind}`, "aria-label": `Look at: ${name}`, onclick: () => view.on.look(address, name) },
    image,
    el("span", { class: "stand-in" }, icon("photo"), "No preview"),
  );
}

function buildDocument(file, address) {
  const label = [icon("file"), el("span", {}, el("strong", {}, file?.name ?? "File"), el("small", {}, file?.mime ?? ""))];
  if (!address) return el("span", { class: "document" }, ...label);
  return el("a", { class: "document", href: address, download: file.name ?? "", target: "_blank", rel: "noopener" }, ...label);
}

function buildVoice(address) {
  if (!address) return el("span", { class: "stand-in" }, icon("voice"), "Voice note");
  return el("span", { class: "voice" }, icon("voice"), el("span", {}, "Voice note"), el("audio", { src: address, controls: true, preload: "none" }));
}

function buildKeyboard(message, view) {
  const rows = message.keyboard.map((row, r) => {
    const buttons = row.map((button, c) => buildKey(message, button, r, c, view));
    return el("div", { class: `keys keys-${Math.min(row.length, 8)}` }, ...buttons);
  });
  return el("div", { class: "keyboard", role: "group", "aria-label": "Answer buttons" }, ...rows);
}

function buildKey(message, button, row, col, view) {
  const press = (event) => {
    if (button.url) view.on.link(button.url) || window.open(safeAddress(button.url) ?? "about:blank", "_blank", "noopener");
    else view.on.tap(event.currentTarget, message, row, col);
  };
  return el(
    "button",
    { type: "button", class: "key", "data-row": row, "data-col": col, onclick: press },
    el("span", {}, button.text),
    button.url && icon("link"),
    button.url && hidden(" (opens a link)"),
  );
}

function buildActions(message, mine, view) {
  const action = (name, label, run) =>
    el("button", { type: "button", class: "action", onclick: () => run(message) }, icon(name), label);
  const editable = mine && message.kind === "text";
  if (!view.on.reply && !editable) return null;
  return el(
    "div",
    // A press must not take the focus from the message: the actions are shown only while it has it.
    { class: "actions", onmousedown: (event) => event.preventDefault() },
    view.on.reply && action("reply", "Reply", view.on.reply),
    editable && action("edit", "Edit", view.on.edit),
  );
}
