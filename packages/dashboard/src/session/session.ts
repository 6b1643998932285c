/**
 * Session of this tab. The token is kept in the session storage: not in the URL, where it would be logged and shared, and not in
 * a cookie, which other sites could make the browser send.
 */
const KEY = "posthorn.session";

export interface Session {
  readonly token: string;
}

export type SessionEnd = "signed_out" | "expired";

type Listener = () => void;

const listeners = new Set<Listener>();
let current: Session | null = load();
let ended: SessionEnd | null = null;

export function readSession(): Session | null {
  return current;
}

/** Why the last session of this tab ended; `null` if none did. */
export function sessionEnd(): SessionEnd | null {
  return ended;
}

export function startSession(token: string): void {
  current = { token };
  ended = null;
  store(token);
  notify();
}

export function endSession(reason: SessionEnd): void {
  if (current === null) return;
  current = null;
  ended = reason;
  store(null);
  notify();
}

/** For `useSyncExternalStore`. */
export function onSession(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Signs in with the token in the fragment of a link (`#key=…`), now and whenever such a link is opened in this tab. The
 * fragment is removed from the address first, so that the token stays in neither the address bar nor the history.
 */
export function signInFromLinks(): void {
  takeTokenFromAddress();
  // In the capture phase: the router must not see the token, because it keeps the addresses that it has seen.
  addEventListener("popstate", takeTokenFromAddress, { capture: true });
  addEventListener("hashchange", takeTokenFromAddress, { capture: true });
}

function takeTokenFromAddress(): void {
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (!fragment.has("key")) return;
  const token = fragment.get("key")!.trim();
  fragment.delete("key");
  const rest = fragment.size === 0 ? "" : `#${fragment.toString()}`;
  history.replaceState(history.state, "", `${location.pathname}${location.search}${rest}`);
  if (token !== "" && token !== current?.token) startSession(token);
}

/** Unverified claims of a token, for display. The server decides what is allowed. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const [, payload = ""] = token.split(".");
    return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function notify(): void {
  for (const listener of listeners) listener();
}

function load(): Session | null {
  try {
    const token = sessionStorage.getItem(KEY);
    return token === null ? null : { token };
  } catch {
    // Without storage in a frame, the session is lost on reload.
    return null;
  }
}

function store(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // See `load`.
  }
}
