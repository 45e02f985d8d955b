/** Links that lead into the bot: t.me/<bot>?start=… and tg://resolve?domain=<bot>&start=… */

/** The start payload of what a person typed: a whole link, a bare code, or nothing (null). */
export function startPayload(typed) {
  const text = typed.trim();
  if (!text) return null;
  try {
    return new URL(text).searchParams.get("start") ?? text;
  } catch {
    return text.replace(/^.*[?&]start=/, "");
  }
}

/** The payload ("" when there is none) if `address` opens a private chat with `username`; otherwise null. */
export function botLink(address, username) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  const web = ["t.me", "telegram.me"].includes(url.hostname.toLowerCase());
  const name = url.protocol === "tg:" ? url.searchParams.get("domain") : web ? url.pathname.slice(1) : null;
  if (!name || name.toLowerCase() !== username.toLowerCase()) return null;
  return url.searchParams.get("start") ?? "";
}
