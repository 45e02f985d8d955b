/** The scrolling list of a chat. Touches only what changed, and stays at the newest unless the reader went up. */

import { el, icon } from "./dom.js";

const NEAR_PX = 60;

/** `label` names the log for a screen reader. Use `update(items)` with items {key, stamp, fresh, build()}. */
export function createLog(label) {
  const list = el("ol", { class: "messages" });
  const scroller = el("div", { class: "log", role: "log", tabindex: "0", "aria-label": label, "aria-live": "off" }, list);
  const count = el("span");
  const pill = el("button", { type: "button", class: "pill", hidden: true, onclick: () => toNewest() }, icon("down"), count);
  const node = el("div", { class: "log-frame" }, scroller, pill);
  const shown = new Map();
  let lastTop = 0;
  const log = { node, list, scroller, unseen: 0, following: true, update, toNewest, jump, onSeen: () => {} };

  scroller.addEventListener("scroll", () => {
    const top = scroller.scrollTop;
    const near = scroller.scrollHeight - top - scroller.clientHeight < NEAR_PX;
    // A picture that loads pushes the end away without anybody having gone up.
    log.following = near || (log.following && top >= lastTop);
    lastTop = top;
    if (log.following) clearPill();
  }, { passive: true });
  scroller.addEventListener("keydown", walk);
  list.addEventListener("focusin", ({ target }) => chosen(target)?.classList.add("chosen"));
  list.addEventListener("focusout", ({ target, relatedTarget }) => {
    const message = target.closest(".message");
    if (!message?.contains(relatedTarget) || chosen(relatedTarget) !== message) message?.classList.remove("chosen");
  });
  const observer = new ResizeObserver(() => {
    if (log.following) scroller.scrollTop = scroller.scrollHeight;
  });
  observer.observe(list, { box: "border-box" });
  observer.observe(scroller);

  function update(items) {
    const first = shown.size === 0;
    const added = reconcile(list, shown, items, scroller);
    if (!first && !log.following && added) {
      log.unseen += added;
      count.textContent = `${log.unseen} new`;
      pill.hidden = false;
    }
    // What was there when the page opened is read on demand; only what comes later is announced.
    if (items.length) requestAnimationFrame(() => scroller.setAttribute("aria-live", "polite"));
  }

  function clearPill() {
    log.unseen = 0;
    if (pill.hidden) return;
    pill.hidden = true;
    log.onSeen();
  }

  function toNewest() {
    log.following = true;
    if (pill === document.activeElement) scroller.focus({ preventScroll: true });
    clearPill();
    scroller.scrollTop = scroller.scrollHeight;
  }

  function jump(messageId) {
    const target = shown.get(`m${messageId}`)?.node;
    if (!target) return;
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
    target.classList.remove("flash");
    void target.offsetWidth;
    target.classList.add("flash");
  }

  function walk(event) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const messages = [...list.querySelectorAll(".message")];
    const at = messages.indexOf(document.activeElement.closest(".message"));
    const step = event.key === "ArrowUp" ? -1 : 1;
    const next = at === -1 ? messages.at(-1) : messages[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  return log;
}

/** The message whose actions are to be shown while `node` has the focus: the message itself, or one of them. */
function chosen(node) {
  return node?.closest(".actions")?.closest(".message") ?? (node?.matches(".message") ? node : null);
}

/** Bring `list` to `items` in order; returns how many of the new ones are worth telling the reader about. */
function reconcile(list, shown, items, scroller) {
  const wanted = new Set(items.map((item) => item.key));
  for (const [key, entry] of shown) {
    if (wanted.has(key)) continue;
    if (entry.node.contains(document.activeElement)) scroller.focus({ preventScroll: true });
    entry.node.remove();
    shown.delete(key);
  }
  let cursor = list.firstElementChild;
  let added = 0;
  for (const item of items) {
    let entry = shown.get(item.key);
    if (!entry) {
      entry = { stamp: item.stamp, node: item.build() };
      shown.set(item.key, entry);
      list.insertBefore(entry.node, cursor);
      if (item.fresh) added += 1;
      continue;
    }
    if (entry.stamp !== item.stamp) {
      const node = item.build();
      if (cursor === entry.node) cursor = node;
      swap(entry.node, node);
      entry.node = node;
      entry.stamp = item.stamp;
    }
    if (entry.node === cursor) cursor = cursor.nextElementSibling;
    else list.insertBefore(entry.node, cursor);
  }
  return added;
}

/** Replace a message and keep the keyboard user's place: same key, else first key, else the message itself. */
function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!focused) return;
  const { row, col } = focused.dataset;
  const same = row === undefined ? null : fresh.querySelector(`[data-row="${row}"][data-col="${col}"]`);
  const target = same ?? (row === undefined ? fresh : fresh.querySelector(".key") ?? fresh);
  target.focus({ preventScroll: true });
}
