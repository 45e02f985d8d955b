/** The drawer: every call the bot made, and ways to make its life hard. */

import { post, remove, Refused } from "./control.js";
import { el, icon, iconButton, setText } from "./dom.js";
import { instant, timeOf } from "./times.js";

const MANY = 100_000;
const FAULTS = [
  ["Outage", "No call gets through until you clear it.", { method: "*", times: MANY, kind: "outage" }],
  [
    "429 storm",
    "The next 20 messages are refused: retry after 5 s.",
    { method: "sendMessage", times: 20, kind: "http", code: 429, description: "Too Many Requests: retry after 5", parameters: { retry_after: 5 } },
  ],
  ["Hang after accept", "The next message arrives, but its answer takes 60 s.", { method: "sendMessage", times: 1, kind: "hang_after", seconds: 60 }],
];

/** `tell(text, tone)` shows a short word; `onToggle(open)` after opening or closing. */
export function createDrawer(node, { tell, onToggle }) {
  const list = el("ol", { class: "calls", tabindex: "0", "aria-label": "Calls, newest first" });
  const active = el("ul", { class: "active-faults" });
  const clear = el("button", { type: "button", class: "tool", onclick: () => guarded(() => remove("faults")) }, "Clear all faults");
  const polling = checkbox("Show polling", () => draw());
  const failed = checkbox("Only errors", () => draw());
  const toggle = el("button", { type: "button", class: "tool", "aria-expanded": "false", "aria-controls": node.id, onclick: () => show(node.hidden) }, icon("calls"), el("span", { class: "tool-label" }, "Calls"));
  const badge = el("span", { class: "badge", hidden: true });
  toggle.append(badge);
  let state = null;
  let stamp = "";

  node.append(
    el("div", { class: "dialog-head" }, el("h2", { id: "drawer-title" }, "Calls and faults"), iconButton("close", "Close the drawer", () => show(false))),
    el("section", { class: "faults", "aria-label": "Faults" }, el("h3", {}, "Make something fail"), ...FAULTS.map(faultButton), active, clear),
    el("section", { class: "call-log", "aria-label": "Calls" }, el("div", { class: "call-head" }, el("h3", {}, "Calls of the bot"), polling.node, failed.node), list),
  );

  function checkbox(label, onchange) {
    const box = el("input", { type: "checkbox", onchange });
    return { node: el("label", { class: "check" }, box, label), box };
  }

  function faultButton([name, what, body]) {
    return el("button", { type: "button", class: "fault", onclick: () => guarded(() => post("faults", body)) }, el("strong", {}, name), el("span", {}, what));
  }

  async function guarded(act) {
    try {
      await act();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      tell(problem.message, "refused");
    }
  }

  function show(open) {
    node.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
    if (open) {
      draw();
      node.querySelector("button").focus();
    } else toggle.focus();
    onToggle(open);
  }

  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(false);
  });

  function draw() {
    if (!state || node.hidden) return;
    const wanted = state.calls.filter((call) => (polling.box.checked || call.method !== "getUpdates") && (!failed.box.checked || !call.ok));
    const next = JSON.stringify([wanted.length, wanted.at(-1), polling.box.checked, failed.box.checked]);
    if (next === stamp) return;
    stamp = next;
    list.replaceChildren(...wanted.reverse().map((call) => row(call)));
    if (!wanted.length) list.append(el("li", { class: "hint" }, "None yet."));
  }

  function row(call) {
    const chatId = call.chat_id ?? call.params?.chat_id;
    const chat = state.chats.find((other) => String(other.id) === String(chatId));
    const ending = call.ok ? "ok" : call.code ? `error ${call.code}` : "cut off";
    const took = call.ms === undefined ? "" : ` · ${Math.round(call.ms)} ms`;
    const reason = [call.description, call.fault && `fault: ${call.fault.replaceAll("_", " ")}`].filter(Boolean).join(" · ");
    return el(
      "li",
      { class: call.ok ? "call" : "call failed" },
      el("span", { class: "call-mark", "aria-hidden": "true" }),
      el("code", {}, call.method),
      el("span", { class: "call-chat" }, chatId ? (chat ? nameOfChat(chat) : `chat ${chatId}`) : ""),
      el("span", { class: "call-result" }, ending + took),
      el("time", { datetime: instant(call.at).toISOString() }, timeOf(call.at)),
      reason && el("p", {}, reason),
    );
  }

  function nameOfChat(chat) {
    const user = state.users.find((other) => other.id === chat.user_id);
    return user ? user.first_name : chat.title;
  }

  function update(next) {
    state = next;
    const count = state.faults.length;
    badge.hidden = !count;
    setText(badge, count ? `${count} ${count === 1 ? "fault" : "faults"}` : "");
    clear.hidden = !count;
    active.replaceChildren(...state.faults.map((fault) => el("li", {}, faultWords(fault))));
    draw();
  }

  return { toggle, update };
}

function faultWords(fault) {
  const left = fault.times < 1000 ? `, ${fault.times} left` : "";
  const what = fault.kind === "http" ? fault.code : fault.kind.replaceAll("_", " ");
  return `${what} on ${fault.method === "*" ? "every call" : fault.method}${left}`;
}
