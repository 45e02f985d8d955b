/** The clock of the rehearsal: what time it is there, and how to move it. */

import { post, Refused } from "./control.js";
import { el, icon, setText } from "./dom.js";
import { openDialog } from "./notices.js";
import { chooseZone, currentZone, dateAndTime, shortZone, zones } from "./times.js";

const HOUR_S = 3600;
const DAY_S = 86_400;

/** `onZone()` after another zone was chosen; `tell(text, tone)` shows a short word. */
export function createClock(node, { onZone, tell }) {
  const day = el("span", { class: "clock-day" });
  const time = el("span", { class: "clock-time" });
  const local = el("span", { class: "clock-zone" });
  const face = el("button", { type: "button", class: "clock-face", "aria-haspopup": "dialog", onclick: () => settings() }, icon("clock"), el("span", { class: "clock-words" }, day, time, local));
  const move = (label, body, name) =>
    el("button", { type: "button", class: "tool move", onclick: (event) => go(event.currentTarget, body) }, name && icon(name), el("span", {}, label));
  const moves = [move("+1 h", { advance_s: HOUR_S }), move("+1 day", { advance_s: DAY_S }), move("To the next event", { next_event: true }, "forward")];
  moves[2].classList.add("primary");
  node.append(face, el("div", { class: "moves" }, ...moves));
  let anchor = null;
  let movable = false;

  async function go(button, body) {
    button.setAttribute("aria-busy", "true");
    try {
      await post("clock", body);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      tell(problem.message, "refused");
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  function now() {
    return new Date(anchor.at + (anchor.runs ? Date.now() - anchor.heard : 0));
  }

  function draw() {
    if (!anchor) return;
    const utc = dateAndTime(now(), "UTC");
    setText(day, utc.day);
    setText(time, `${utc.time} UTC`);
    const zone = currentZone();
    local.hidden = zone === "UTC";
    if (!local.hidden) setText(local, `${dateAndTime(now(), zone).time} ${shortZone(zone)}`);
    face.setAttribute("aria-label", `${utc.day}, ${utc.time} UTC${local.hidden ? "" : `, ${local.textContent}`}. Set the clock`);
  }

  function settings() {
    const to = el("input", { type: "datetime-local", id: "clock-to", required: true, step: "60", value: now().toISOString().slice(0, 16), disabled: !movable });
    const zone = el("select", { id: "clock-zone-choice" }, ...zones().map((name) => el("option", { value: name, selected: name === currentZone() }, name.replaceAll("_", " "))));
    zone.addEventListener("change", () => {
      chooseZone(zone.value);
      draw();
      onZone();
    });
    const set = el("button", { type: "submit", class: "wide-button", disabled: !movable }, "Set the clock");
    const form = el(
      "form",
      { class: "stack" },
      el("label", { for: "clock-to" }, "Date and time (UTC)"), to, set,
      !movable && el("p", { class: "hint" }, "This clock is the machine's own and cannot be moved."),
      el("hr"),
      el("label", { for: "clock-zone-choice" }, "Show message times in"), zone,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!to.value) return;
      await go(set, { to: `${to.value}:00Z` });
      dialog.close();
    });
    const dialog = openDialog("small-dialog", "Clock", form);
  }

  function update(state) {
    movable = Boolean(state.clock?.movable);
    // A clock that cannot be moved is a real one, and runs.
    anchor = { at: Date.parse(state.now), heard: Date.now(), runs: state.clock?.running ?? !movable };
    for (const button of moves) button.disabled = !movable;
    draw();
  }

  setInterval(draw, 1000);
  return { update };
}
