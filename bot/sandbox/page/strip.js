/** The row of chats: on a phone it chooses the one shown, on a wide screen it brings a chat into view. */

import { avatar, el, hidden, setText } from "./dom.js";

/** `onChoose(chatId)`. `update(cards, currentId, unread)` with unread: chat id -> number of messages not yet seen. */
export function createStrip(node, onChoose) {
  const tabs = new Map();

  function tabOf(card) {
    const dot = el("span", { class: "dot", hidden: true });
    const count = hidden("");
    const name = el("span", { class: "tab-name" });
    const face = el("span", { class: "avatar-slot" });
    const button = el("button", { type: "button", class: "tab", onclick: () => onChoose(card.data.id) }, face, name, dot, count);
    return { button, dot, count, name, face };
  }

  function update(cards, currentId, unread) {
    const wanted = cards.map((card) => {
      const id = card.data.id;
      if (!tabs.has(id)) tabs.set(id, tabOf(card));
      const tab = tabs.get(id);
      if (tab.name.textContent !== card.name) {
        tab.name.textContent = card.name;
        tab.face.replaceChildren(avatar(id, card.name));
      }
      const news = unread.get(id) ?? 0;
      tab.dot.hidden = !news;
      setText(tab.count, news ? `${news} not read` : "");
      tab.button.setAttribute("aria-current", String(id === currentId));
      return tab.button;
    });
    const current = [...node.children];
    if (wanted.length !== current.length || wanted.some((button, i) => button !== current[i])) node.replaceChildren(...wanted);
  }

  function reveal(chatId) {
    tabs.get(chatId)?.button.scrollIntoView({ block: "nearest", inline: "center" });
  }

  return { update, reveal };
}
