/** What else can happen to a chat: blocking, a shared contact, and what group owners do to groups. */

import { person, post } from "./control.js";
import { el, iconButton, menuButton } from "./dom.js";

export function createChatMenu(chat) {
  const list = el("div", { class: "menu-list" });
  const node = menuButton(iconButton("menu", "More about this chat"), list);
  let stamp = "";

  const entry = (label, act) => el("button", { type: "button", onclick: () => chat.run(act) }, label);
  const own = (label, action, body) => entry(label, () => person(chat.data.user_id, action, body));
  const owner = (label, action, body) => entry(label, () => post(`chats/${chat.data.id}/${action}`, body));

  function entries(blocked) {
    if (chat.private) {
      return [
        blocked ? own("Unblock the bot", "unblock") : own("Block the bot", "block"),
        chat.started && !blocked && own("Share own phone number", "contact", { chat_id: chat.data.id }),
        chat.started && !blocked && own("Send /start again", "start"),
      ];
    }
    return [
      owner("Let the bot post", "rights", { can_post: true }),
      owner("Forbid the bot to post", "rights", { can_post: false }),
      chat.data.type === "group" && owner("Turn into a supergroup", "migrate"),
      ["kicked", "left"].includes(chat.data.bot) ? owner("Add the bot again", "add", { admin: true }) : owner("Remove the bot", "kick"),
    ];
  }

  function update() {
    const blocked = Boolean(chat.room.users.get(chat.data.user_id)?.blocked);
    const next = [blocked, chat.started, chat.data.type, chat.data.bot].join();
    if (next === stamp) return;
    stamp = next;
    list.replaceChildren(...entries(blocked).filter(Boolean));
  }

  return { node, update };
}
