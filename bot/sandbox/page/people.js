/** Dialogs that bring people in: a new patient, member of staff or group; and which phone opens a link. */

import { personName } from "./chat.js";
import { person, post, Refused } from "./control.js";
import { el } from "./dom.js";
import { openDialog } from "./notices.js";

const LANGUAGES = [["en", "English"], ["es", "Spanish"]];
const STAFF = [["clinician", "Clinician"], ["coordinator", "Coordinator"], ["admin", "Admin"]];
const GROUPS = [["supergroup", "Supergroup"], ["group", "Group"], ["channel", "Channel"]];

function select(name, choices) {
  return el("select", { name, id: `add-${name}` }, ...choices.map(([value, label]) => el("option", { value }, label)));
}

function input(name, props = {}) {
  return el("input", { name, id: `add-${name}`, type: "text", autocomplete: "off", ...props });
}

function field(label, control) {
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control);
}

function check(name, value, label, checked) {
  return el("label", { class: "check" }, el("input", { type: "checkbox", name, value, checked }), label);
}

/** `onAdded(chatId | null)` once the new phone or group exists. */
export function openAdd(room, onAdded) {
  const problem = el("p", { class: "form-problem", role: "alert" });
  const fields = el("div", { class: "stack" });
  const kinds = el("fieldset", { class: "segments" }, el("legend", { class: "visually-hidden" }, "Who or what"));
  for (const [value, label] of [["patient", "Patient"], ["staff", "Staff"], ["group", "Group"]]) {
    const radio = el("input", { type: "radio", name: "what", value, checked: value === "patient", onchange: () => fill(value) });
    kinds.append(el("label", {}, radio, el("span", {}, label)));
  }
  const form = el("form", { class: "stack" }, kinds, fields, problem, el("button", { type: "submit", class: "wide-button" }, "Add"));
  fill("patient");

  function fill(what) {
    if (what === "group") {
      const staff = [...room.users.values()].filter((user) => user.role !== "patient");
      const members = staff.map((user) => check("members", user.id, personName(user), true));
      fields.replaceChildren(
        field("Title", input("title", { required: true, maxlength: "128" })),
        field("Kind", select("type", GROUPS)),
        el("fieldset", { class: "members" }, el("legend", {}, "Members"), ...members, !members.length && el("p", { class: "hint" }, "Add staff first.")),
        check("bot_admin", "yes", "The bot is an administrator", true),
      );
      return;
    }
    fields.replaceChildren(
      field("First name", input("first_name", { required: true, maxlength: "64" })),
      field("Last name", input("last_name", { maxlength: "64" })),
      ...(what === "staff" ? [field("Role", select("role", STAFF))] : []),
      field("Language", select("language_code", LANGUAGES)),
    );
  }

  async function add(data) {
    if (data.get("what") === "group") {
      const members = data.getAll("members").map(Number);
      const body = { title: data.get("title"), type: data.get("type"), members, bot_admin: data.has("bot_admin") };
      return (await post("groups", body)).id;
    }
    const named = Object.fromEntries(["first_name", "last_name", "language_code"].map((name) => [name, data.get(name)]));
    const user = await post("users", { ...named, role: data.get("role") ?? "patient" });
    return user.id;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const id = await add(new FormData(form));
      dialog.close();
      onAdded(id);
    } catch (refusal) {
      if (!(refusal instanceof Refused)) throw refusal;
      problem.textContent = refusal.message;
    }
  });
  const dialog = openDialog("small-dialog", "Add to the room", form);
}

/** Ask on which phone a link into the bot is opened, and open it there; `onOpened(userId)` afterwards. */
export function openOnPhone(room, payload, preferred, onOpened) {
  const choices = [...room.users.values()].map((user) => [user.id, `${personName(user)} (${user.role})`]);
  const phone = select("phone", choices);
  if (preferred) phone.value = String(preferred);
  const problem = el("p", { class: "form-problem", role: "alert" });
  const open = el("button", { type: "submit", class: "wide-button" }, "Open the link");
  const form = el("form", { class: "stack" }, el("p", { class: "hint" }, "This link opens a chat with the bot, as when a code is scanned at the bedside."), field("On the phone of", phone), problem, open);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await person(phone.value, "start", { payload: payload || null });
      dialog.close();
      onOpened(Number(phone.value));
    } catch (refusal) {
      if (!(refusal instanceof Refused)) throw refusal;
      problem.textContent = refusal.message;
    }
  });
  const dialog = openDialog("small-dialog", "Open a link", form);
}
