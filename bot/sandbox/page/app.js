/** The rehearsal room: follows the sandbox's state and keeps every chat, the clock and the drawer in step with it. */

import { ChatCard } from "./chat.js";
import { createClock } from "./clockbar.js";
import { follow } from "./control.js";
import { el, icon, setText } from "./dom.js";
import { botLink } from "./links.js";
import { showToast } from "./notices.js";
import { openAdd, openOnPhone } from "./people.js";
import { createStrip } from "./strip.js";
import { createDrawer } from "./wire.js";

const at = (id) => document.getElementById(id);
const narrow = window.matchMedia("(max-width: 767px)");
const quiet = window.matchMedia("(prefers-reduced-motion: reduce)");
const ORDER = { patient: 0, clinician: 1, coordinator: 2, admin: 3 };

const room = { users: new Map(), bot: { first_name: "Bot", username: "" }, openLink };
const cards = new Map();
const seen = new Map();
const inView = new Set();
let shown = [];
let current = null;
let currentGroup = null;
let awaited = null;

const tell = (text, tone) => showToast(at("toasts"), text, tone);
const strip = createStrip(at("strip"), (id) => choose(id));
const clock = createClock(at("clock"), { tell, onZone: () => cards.forEach((card) => card.draw()) });
const drawer = createDrawer(at("drawer"), { tell, onToggle: (open) => document.body.classList.toggle("drawer-open", open) });
const add = el("button", { type: "button", class: "tool", "aria-haspopup": "dialog", onclick: () => openAdd(room, (id) => { awaited = id; }) }, icon("add"), el("span", { class: "tool-label" }, "Add"));
at("tools").append(add, drawer.toggle);

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const id = Number(entry.target.dataset.chat);
    if (entry.isIntersecting) inView.add(id);
    else inView.delete(id);
  }
  drawStrip();
}, { threshold: 0.6 });

function onState(state) {
  room.users = new Map(state.users.map((user) => [user.id, user]));
  room.bot = state.bot;
  if (state.storyline) setText(at("storyline"), state.storyline);
  clock.update(state);
  drawer.update(state);
  const chats = state.chats.filter((chat) => !chat.deleted && !chat.migrated_to);
  syncCards(chats);
  shown.forEach((card) => card.update(chats.find((chat) => chat.id === card.data.id)));
  at("empty").hidden = shown.length > 0;
  if (awaited !== null) {
    const found = shown.find((card) => card.data.id === awaited || card.data.user_id === awaited);
    if (found) {
      awaited = null;
      choose(found.data.id);
    }
  }
  drawStrip();
}

/** One card per chat: phones of patients first, then of staff, then groups. */
function syncCards(chats) {
  const ids = new Set(chats.map((chat) => chat.id));
  for (const [id, card] of cards) {
    if (ids.has(id)) continue;
    watcher.unobserve(card.node);
    card.node.remove();
    cards.delete(id);
  }
  for (const chat of chats) {
    if (cards.has(chat.id)) continue;
    const card = new ChatCard(room, chat);
    card.log.onSeen = drawStrip;
    cards.set(chat.id, card);
    watcher.observe(card.node);
  }
  const rank = (chat) => (chat.type === "private" ? (ORDER[room.users.get(chat.user_id)?.role] ?? 4) : 9);
  shown = chats.map((chat, i) => [rank(chat), i, cards.get(chat.id)]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((entry) => entry[2]);
  place(at("phones"), shown.filter((card) => card.private));
  place(at("team"), shown.filter((card) => !card.private));
  if (!cards.has(current)) current = shown[0]?.data.id ?? null;
  if (!cards.has(currentGroup)) currentGroup = shown.find((card) => !card.private)?.data.id ?? null;
  drawLayout();
}

function place(parent, wanted) {
  if (wanted.some((card, i) => parent.children[i] !== card.node)) parent.replaceChildren(...wanted.map((card) => card.node));
  parent.style.setProperty("--count", wanted.length);
}

/** On a phone one chat is shown; on a wide screen all phones and one group. */
function drawLayout() {
  for (const card of shown) {
    const id = card.data.id;
    card.node.hidden = narrow.matches ? id !== current : !card.private && id !== currentGroup;
  }
  at("phones").hidden = shown.every((card) => !card.private || card.node.hidden);
  at("team").hidden = shown.every((card) => card.private || card.node.hidden);
}

function choose(id) {
  const card = cards.get(id);
  if (!card) return;
  current = id;
  if (!card.private) currentGroup = id;
  drawLayout();
  if (!narrow.matches) card.node.scrollIntoView({ block: "nearest", inline: "nearest", behavior: quiet.matches ? "auto" : "smooth" });
  strip.reveal(id);
  drawStrip();
}

function newest(card) {
  return card.data.messages.findLast((message) => message.from_bot && !message.deleted)?.id ?? 0;
}

function drawStrip() {
  const unread = new Map();
  for (const card of shown) {
    const id = card.data.id;
    const looking = !document.hidden && inView.has(id) && card.log.following;
    if (looking || !seen.has(id)) seen.set(id, newest(card));
    unread.set(id, card.data.messages.filter((message) => message.from_bot && !message.deleted && message.id > seen.get(id)).length);
  }
  strip.update(shown, current, unread);
}

/** Links into the bot open on a phone of this room; answers whether `address` was one. */
function openLink(address, card) {
  const payload = botLink(address, room.bot.username ?? "");
  if (payload === null) return false;
  const fresh = shown.find((other) => other.private && !other.started);
  const owner = room.users.get(card.data.user_id);
  const preferred = owner?.role === "patient" ? owner.id : fresh?.data.user_id;
  openOnPhone(room, payload, preferred, (userId) => {
    const opened = shown.find((other) => other.data.user_id === userId);
    if (opened) choose(opened.data.id);
  });
  return true;
}

function onLost(retryAt, retry) {
  const seconds = Math.max(1, Math.round((retryAt - Date.now()) / 1000));
  const again = el("button", { type: "button", class: "tool", onclick: retry }, "Try now");
  at("connection").replaceChildren(el("p", {}, el("strong", {}, "Disconnected."), ` The sandbox does not answer. Trying again in ${seconds} s.`), again);
  at("connection").hidden = false;
}

narrow.addEventListener("change", drawLayout);
document.addEventListener("visibilitychange", drawStrip);
document.addEventListener("focusin", (event) => {
  const card = event.target.closest?.(".chat");
  if (!card || narrow.matches) return;
  current = Number(card.dataset.chat);
  drawStrip();
});
follow({ onState, onLost, onFound: () => { at("connection").hidden = true; } });
