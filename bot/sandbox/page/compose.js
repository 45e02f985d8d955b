/** Where a person writes: text, reply, edit, attachments, the bot's reply keyboard, Start, and being blocked. */

import { person } from "./control.js";
import { el, icon, iconButton, menuButton, setText } from "./dom.js";
import { startPayload } from "./links.js";

/** `chat` is the ChatCard: it gives `actor()` (user id), `data`, `room`, `run(promise factory)`, `log`. */
export function createCompose(chat) {
  const box = el("textarea", { rows: "1", "aria-label": "Message", placeholder: "Message", enterkeyhint: "send" });
  const send = iconButton("send", "Send", () => submit(), { class: "icon-button send" });
  const keysToggle = iconButton("keyboard", "Hide the reply keyboard", () => toggleKeys(), { "aria-expanded": "true" });
  const context = el("div", { class: "context", hidden: true });
  const keys = el("div", { class: "reply-keyboard", role: "group", "aria-label": "Reply keyboard" });
  const { start, startCode } = buildStart();
  const blocked = el("div", { class: "closed" }, el("p"), button("Unblock", () => act("unblock")));
  const line = el("div", { class: "line" }, buildAttach(), box, keysToggle, send);
  const open = el("div", { class: "open" }, context, line, keys);
  const node = el("div", { class: "compose" }, start, blocked, open);
  let target = null;
  let keysShown = true;
  let keysJson = "";

  box.addEventListener("input", grow);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && target) {
      event.stopPropagation();
      aim(null);
    }
  });

  function button(label, onclick) {
    return el("button", { type: "button", class: "wide-button", onclick }, label);
  }

  function act(action, body = {}) {
    chat.log.toNewest();
    return chat.run(() => person(chat.actor(), action, body));
  }

  function buildStart() {
    const code = el("input", { type: "text", placeholder: "Invitation link or code (optional)", "aria-label": "Invitation link or code", autocomplete: "off", spellcheck: "false" });
    const go = () => act("start", { payload: startPayload(code.value) });
    code.addEventListener("keydown", (event) => {
      if (event.key === "Enter") go();
    });
    return { startCode: code, start: el("div", { class: "start" }, code, button("Start", go)) };
  }

  function buildAttach() {
    const pick = (action, accept) => {
      const input = el("input", { type: "file", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true", accept, "data-attach": action });
      input.addEventListener("change", async () => {
        const [file] = input.files;
        if (file) await act(action, { chat_id: chat.data.id, name: file.name, content_b64: await base64(file), ...caption() });
        input.value = "";
      });
      return input;
    };
    const photo = pick("photo", "image/*");
    const file = pick("document", null);
    const plain = (action) => act(action, { chat_id: chat.data.id });
    const entry = (name, label, run) => el("button", { type: "button", onclick: run }, icon(name), label);
    const list = el(
      "div",
      { class: "menu-list upwards" },
      entry("photo", "Photo", () => photo.click()),
      entry("file", "Document", () => file.click()),
      entry("voice", "Voice note", () => plain("voice")),
      entry("sticker", "Sticker", () => plain("sticker")),
    );
    const menu = menuButton(iconButton("attach", "Attach"), list);
    menu.append(photo, file);
    return menu;
  }

  function caption() {
    const words = box.value.trim();
    if (!words) return {};
    box.value = "";
    grow();
    return { caption: words };
  }

  async function submit() {
    const text = box.value.trim();
    if (!text) return box.focus();
    const aimed = target;
    box.focus({ preventScroll: true });
    aim(null);
    box.value = "";
    grow();
    const body = { chat_id: chat.data.id, text };
    if (aimed?.action === "edit") body.message_id = aimed.message.id;
    if (aimed?.action === "reply") body.reply_to = aimed.message.id;
    const sent = await act(aimed?.action === "edit" ? "edit" : "text", body);
    if (sent === null && !box.value) box.value = text;
    return grow();
  }

  function grow() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
  }

  function aim(next) {
    if (target?.action === "edit" && !next) box.value = "";
    target = next;
    context.hidden = !next;
    context.replaceChildren();
    if (!next) return;
    const words = next.action === "edit" ? "Editing your message" : `Reply to ${chat.nameOf(next.message)}`;
    context.append(
      icon(next.action === "edit" ? "edit" : "reply"),
      el("span", {}, el("strong", {}, words), el("span", {}, next.message.text || next.message.caption || next.message.kind)),
      iconButton("close", "Cancel", () => aim(null)),
    );
    if (next.action === "edit") box.value = next.message.text;
    grow();
    box.focus();
  }

  function toggleKeys() {
    keysShown = !keysShown;
    showKeys();
  }

  function showKeys() {
    const any = Boolean(chat.data.reply_keyboard?.length);
    keys.hidden = !any || !keysShown;
    keysToggle.hidden = !any;
    keysToggle.setAttribute("aria-expanded", String(keysShown));
    const label = keysShown ? "Hide the reply keyboard" : "Show the reply keyboard";
    keysToggle.setAttribute("aria-label", label);
    keysToggle.title = label;
  }

  function drawKeys(rows) {
    const json = JSON.stringify(rows ?? []);
    if (json === keysJson) return;
    keysJson = json;
    keysShown = true;
    const key = (text) => el("button", { type: "button", class: "key", onclick: () => act("press", { chat_id: chat.data.id, text }) }, text);
    keys.replaceChildren(...(rows ?? []).map((row) => el("div", { class: `keys keys-${Math.min(row.length, 8)}` }, ...row.map((entry) => key(entry.text ?? entry)))));
  }

  function update({ user, started }) {
    const writable = chat.data.type !== "channel";
    start.hidden = started || Boolean(user?.blocked);
    blocked.hidden = !user?.blocked;
    open.hidden = !started || Boolean(user?.blocked) || !writable;
    if (user) setText(blocked.firstChild, `${user.first_name} has blocked the bot.`);
    drawKeys(chat.data.reply_keyboard);
    showKeys();
    box.placeholder = chat.data.placeholder || "Message";
  }

  return {
    node,
    update,
    reply: (message) => aim({ action: "reply", message }),
    edit: (message) => aim({ action: "edit", message }),
    offer: (payload) => {
      startCode.value = payload;
    },
  };
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
