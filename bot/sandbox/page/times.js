/** Instants as people read them, in one zone chosen for the whole page (UTC until somebody chooses another). */

const STORED = "aftercare.sandbox.zone";
let zone = remembered();
let formats = build(zone);
const days = new Map();

function remembered() {
  try {
    const name = window.localStorage.getItem(STORED) ?? "UTC";
    new Intl.DateTimeFormat("en-GB", { timeZone: name });
    return name;
  } catch {
    return "UTC";
  }
}

function build(timeZone) {
  const make = (options) => new Intl.DateTimeFormat("en-GB", { timeZone, ...options });
  return {
    time: make({ hour: "2-digit", minute: "2-digit" }),
    key: make({ year: "numeric", month: "2-digit", day: "2-digit" }),
    day: make({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  };
}

export function currentZone() {
  return zone;
}

export function zones() {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
}

export function chooseZone(name) {
  zone = name;
  formats = build(name);
  days.clear();
  try {
    window.localStorage.setItem(STORED, name);
  } catch {
    // Storage is closed in private windows; the choice then lasts as long as the page.
  }
}

/** An instant given as ISO text or as Unix seconds. */
export function instant(value) {
  return new Date(typeof value === "number" ? value * 1000 : value);
}

export function timeOf(value) {
  return formats.time.format(instant(value));
}

export function dayKey(value) {
  let key = days.get(value);
  if (key === undefined) {
    key = formats.key.format(instant(value));
    days.set(value, key);
  }
  return key;
}

export function dayLabel(value) {
  return formats.day.format(instant(value));
}

/** "Mon 23 Nov 2026" and "09:00" in any zone. */
export function dateAndTime(date, timeZone) {
  const day = new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const time = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
  return { day: day.format(date).replace(",", ""), time: time.format(date) };
}

export function shortZone(name) {
  return name.split("/").at(-1).replaceAll("_", " ");
}
