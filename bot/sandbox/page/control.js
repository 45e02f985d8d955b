/** The sandbox's control API: what a human does, and the long poll that shows what came of it. */

const POLL_LIMIT_MS = 35_000;
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];

/** The sandbox said no, in words meant for the reader. */
export class Refused extends Error {}

async function call(method, path, body, signal) {
  const init = { method, signal, headers: { accept: "application/json" } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["content-type"] = "application/json";
  }
  let response;
  let text;
  try {
    response = await fetch(path, init);
    text = await response.text();
  } catch (cause) {
    throw new Refused("The sandbox does not answer. Is it still running?", { cause });
  }
  const data = parsed(text);
  if (response.ok) return data;
  const words = data?.error ?? data?.detail ?? data?.description ?? (data ? null : text);
  throw new Refused(words || `The sandbox refused this (${response.status}).`);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const post = (path, body = {}) => call("POST", `/sandbox/${path}`, body);
export const remove = (path) => call("DELETE", `/sandbox/${path}`);

/** What one person does: `action` is text, tap, press, edit, photo, voice, sticker, document, start, block, unblock. */
export const person = (userId, action, body = {}) => post(`users/${userId}/${action}`, body);

/**
 * Follow the state for as long as the page lives. `onState(state)` on every change; `onLost(retryAt, retry)` with the
 * instant (ms) of the next try when the sandbox does not answer; `onFound()` when it answers again.
 */
export async function follow({ onState, onLost, onFound }) {
  let rev = null;
  let failures = 0;
  for (;;) {
    try {
      const query = rev === null ? "" : `?rev=${encodeURIComponent(rev)}`;
      const state = await call("GET", `/sandbox/state${query}`, undefined, AbortSignal.timeout(POLL_LIMIT_MS));
      if (failures) onFound();
      failures = 0;
      if (state.rev === rev) continue;
      rev = state.rev;
      onState(state);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      const wait = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)];
      failures += 1;
      // A restarted sandbox counts its revisions from the beginning again.
      rev = null;
      await pause(wait, onLost);
    }
  }
}

function pause(ms, onLost) {
  return new Promise((resume) => {
    const timer = setTimeout(resume, ms);
    onLost(Date.now() + ms, () => {
      clearTimeout(timer);
      resume();
    });
  });
}
