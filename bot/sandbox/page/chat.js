/** One chat on the page: a person's phone, or a group seen through one of its members. */

import { createLog } from "./chatlog.js";
import { createChatMenu } from "./chatmenu.js";
import { createCompose } from "./compose.js";
import { person, Refused } from "./control.js";
import { avatar, el, icon, setText } from "./dom.js";
import { buildMessage } from "./message.js";
import { showAlert, showPicture, showToast } from "./notices.js";
import { currentZone, dayKey, dayLabel } from "./times.js";

// A browser keeps six connections to one address: a silent bot must not use them all up for long.
const ANSWER_WAIT_S = 5;
const ROLES = { patient: "Patient", clinician: "Clinician", coordinator: "Coordinator", admin: "Admin" };
const KINDS = { photo: "Photo", document: "Document", voice: "Voice note", sticker: "Sticker" };
const languageNames = new Intl.DisplayNames(["en"], { type: "language" });

export const personName = (user) => [user.first_name, user.last_name].filter(Boolean).join(" ");

export class ChatCard {
  constructor(room, data) {
    this.room = room;
    this.data = data;
    this.private = data.type === "private";
    this.log = createLog("Messages");
    this.subtitle = el("p", { class: "subtitle" });
    this.title = el("h2", { id: `chat-title-${data.id}` });
    this.avatar = el("span", { class: "avatar-slot" });
    this.pin = el("button", { type: "button", class: "pinned", hidden: true, onclick: () => this.log.jump(this.data.pinned) });
    this.dots = el("div", { class: "typing", "aria-hidden": "true", hidden: true }, el("i"), el("i"), el("i"));
    this.notices = el("div", { class: "notices", role: "status", "aria-live": "polite" });
    this.actAs = el("select", { onchange: () => this.draw() });
    this.actRow = el("label", { class: "act-as", hidden: this.private }, el("span", {}, "Acting as"), this.actAs);
    this.compose = createCompose(this);
    this.menu = createChatMenu(this);
    const head = el("header", { class: "chat-head" }, this.avatar, el("div", { class: "who" }, this.title, this.subtitle), this.menu.node);
    this.log.node.append(this.dots, this.notices);
    this.node = el(
      "article",
      { class: `chat ${this.private ? "phone" : "group"}`, "data-chat": data.id, "aria-labelledby": this.title.id },
      head, this.pin, this.log.node, this.actRow, this.compose.node,
    );
    this.handlers = {
      tap: (key, message, row, col) => this.tap(key, message, row, col),
      link: (address) => room.openLink(address, this),
      jump: (id) => this.log.jump(id),
      look: showPicture,
      reply: data.type === "channel" ? null : (message) => this.compose.reply(message),
      edit: (message) => this.compose.edit(message),
    };
  }

  get name() {
    const user = this.room.users.get(this.data.user_id);
    return this.private && user ? personName(user) : this.data.title || "Chat";
  }

  /** The id of the person whose hands these are. */
  actor() {
    return this.private ? this.data.user_id : Number(this.actAs.value);
  }

  get started() {
    return !this.private || Boolean(this.room.users.get(this.data.user_id)?.started);
  }

  nameOf(message) {
    if (message.from_bot) return this.room.bot.first_name;
    const user = this.room.users.get(message.from_id);
    return user ? personName(user) : "Someone";
  }

  /** Run one act of a person; a refusal is told in this chat. Resolves to the answer, or null when refused. */
  async run(act) {
    try {
      return (await act()) ?? {};
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      showToast(this.notices, problem.message, "refused");
      return null;
    }
  }

  async tap(key, message, row, col) {
    key.setAttribute("aria-busy", "true");
    const body = { chat_id: this.data.id, message_id: message.id, row, col, wait_s: ANSWER_WAIT_S };
    const result = await this.run(() => person(this.actor(), "tap", body));
    key.removeAttribute("aria-busy");
    const answer = result?.answer;
    if (!answer?.text) return;
    if (answer.show_alert) showAlert(this.node, answer.text, key);
    else showToast(this.notices, answer.text);
  }

  update(data) {
    this.data = data;
    this.node.dataset.chat = data.id;
    if (!this.private) this.fillActors();
    this.draw();
  }

  fillActors() {
    const people = this.data.members.map((id) => this.room.users.get(id)).filter(Boolean);
    const stamp = people.map((user) => `${user.id}:${personName(user)}`).join();
    if (stamp === this.actorsStamp) return;
    this.actorsStamp = stamp;
    const chosen = this.actAs.value;
    this.actAs.replaceChildren(...people.map((user) => el("option", { value: user.id }, `${personName(user)} · ${ROLES[user.role] ?? user.role}`)));
    if (people.some((user) => String(user.id) === chosen)) this.actAs.value = chosen;
  }

  draw() {
    const user = this.room.users.get(this.data.user_id);
    this.drawHead(user);
    this.log.update(this.items());
    this.dots.hidden = !this.data.typing;
    this.node.classList.toggle("is-typing", !this.dots.hidden);
    this.compose.update({ user: this.private ? user : null, started: this.started });
    this.menu.update();
  }

  drawHead(user) {
    if (this.title.textContent !== this.name) {
      this.title.textContent = this.name;
      this.avatar.replaceChildren(avatar(this.data.id, this.name));
      this.log.scroller.setAttribute("aria-label", `Messages with ${this.name}`);
    }
    this.node.classList.toggle("is-blocked", Boolean(this.private && user?.blocked));
    setText(this.subtitle, this.data.typing ? `${this.room.bot.first_name} is typing…` : this.description(user));
    const pinned = this.data.messages.find((message) => message.id === this.data.pinned && !message.deleted);
    this.pin.hidden = !pinned;
    if (pinned && this.pin.dataset.stamp !== excerpt(pinned)) {
      this.pin.dataset.stamp = excerpt(pinned);
      this.pin.replaceChildren(icon("pin"), el("span", {}, el("strong", {}, "Pinned message"), el("span", {}, excerpt(pinned))));
    }
  }

  description(user) {
    if (!this.private || !user) {
      const kind = { group: "Group", supergroup: "Supergroup", channel: "Channel" }[this.data.type] ?? this.data.type;
      const people = this.data.members.filter((id) => this.room.users.has(id)).length;
      return `${kind} · ${people} ${people === 1 ? "person" : "people"}`;
    }
    const language = user.language_code ? languageNames.of(user.language_code) : null;
    return [ROLES[user.role] ?? user.role, language, user.blocked && "bot blocked"].filter(Boolean).join(" · ");
  }

  items() {
    const viewer = this.actor();
    const items = [];
    let day = null;
    let above = null;
    for (const message of this.data.messages) {
      if (message.deleted) continue;
      const key = dayKey(message.date);
      if (key !== day) items.push(dayItem(message));
      const follows = day === key && above !== null && above.kind !== "service" && above.from_id === message.from_id && !above.keyboard?.length;
      items.push(this.messageItem(message, { viewer, follows }));
      day = key;
      above = message;
    }
    return items;
  }

  messageItem(message, { viewer, follows }) {
    // Without a revision number the message's own JSON tells whether it changed; names can change as well.
    const sender = this.nameOf(message);
    const stamp = `${message.rev ?? JSON.stringify(message)}|${viewer}|${follows}|${sender}|${currentZone()}`;
    const mine = !message.from_bot && message.from_id === viewer;
    const build = () =>
      buildMessage(message, {
        viewer,
        follows,
        sender,
        showSender: !this.private && !follows && !mine,
        quoted: this.quoted(message.reply_to),
        on: this.handlers,
      });
    return { key: `m${message.id}`, stamp, fresh: !mine, build };
  }

  quoted(id) {
    const message = id && this.data.messages.find((other) => other.id === id && !other.deleted);
    return message ? { id, name: this.nameOf(message), text: excerpt(message) } : null;
  }
}

function dayItem({ id, date }) {
  const build = () => el("li", { class: "day" }, el("span", {}, dayLabel(date)));
  return { key: `day before ${id}`, stamp: currentZone(), fresh: false, build };
}

export function excerpt(message) {
  const words = (message.text || message.caption || KINDS[message.kind] || "").replace(/\s+/g, " ").trim();
  return words.length > 90 ? `${words.slice(0, 89)}…` : words;
}
