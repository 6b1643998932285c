/**
 * Session of this tab: a token, or the session cookie of the browser, which all tabs share.
 *
 * A token is kept in the session storage: not in the URL, where it would be logged and shared. The value of the cookie is not readable for
 * pages; the server says whether there is a session.
 */
import { showLanguageOfUser } from "../i18n/i18n.ts";
import { baseUrl, isPortal } from "../lib/base.ts";
import { keepLinkCode } from "./link-code.ts";

const KEY = "posthorn.session";

export interface Session {
  /** `null`: the session is in the cookie. */
  readonly token: string | null;
}

export type SessionEnd = "signed_out" | "expired" | "link_invalid";

/** State of sign-in, as reported by the server. */
export interface SignInState {
  readonly signedIn: boolean;
  /** The server has no users yet. */
  readonly setupRequired: boolean;
  /** Users can ask for a link for a new password by email. */
  readonly resetByEmail: boolean;
  /** Language that the user chose; `null`: none. */
  readonly locale: string | null;
}

type Listener = () => void;

const listeners = new Set<Listener>();
let current: Session | null = load();
let ended: SessionEnd | null = null;
let endedToken = false;
let state: SignInState = { signedIn: false, setupRequired: false, resetByEmail: false, locale: null };

/** Tells other tabs of the browser that its session has begun or ended. */
const tabs = new BroadcastChannel(KEY);

function tellTabs(event: "begun" | "ended"): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A broadcast channel stays within its origin.
  tabs.postMessage(event);
}

export function readSession(): Session | null {
  return current;
}

/** Why the last session of this tab ended; `null` if none did. */
export function sessionEnd(): SessionEnd | null {
  return ended;
}

/** Whether the session that ended had a token. */
export function endedWithToken(): boolean {
  return endedToken;
}

/** The last state of sign-in that the server reported. */
export function signInState(): SignInState {
  return state;
}

export function startSession(token: string): void {
  begin({ token });
  store(token);
}

/** The browser has a session cookie now. Pages are shown in the language of the user from the start. */
export async function startCookieSession(): Promise<void> {
  await beginWithCookie();
  store(null);
  tellTabs("begun");
}

async function beginWithCookie(): Promise<void> {
  await refreshState();
  state = { ...state, signedIn: true, setupRequired: false };
  await showLanguageOfUser(state.locale);
  begin({ token: null });
}

function begin(session: Session): void {
  current = session;
  ended = null;
  notify();
}

export function endSession(reason: SessionEnd): void {
  if (current === null) return;
  endedToken = current.token !== null;
  current = null;
  ended = reason;
  store(null);
  notify();
}

/** Ends the session of this tab or, if it is in the cookie, of the browser. @param everywhere All sessions of the user. */
export async function signOut(everywhere = false): Promise<void> {
  if (current?.token === null) {
    const response = await post("sign-out", { everywhere });
    const { redirectTo = null } = (await response.json().catch(() => ({}))) as { readonly redirectTo?: string | null };
    tellTabs("ended");
    // Ends the session at the identity provider too, which leads back to the sign-in page.
    if (redirectTo !== null) return location.assign(redirectTo);
  }
  endSession("signed_out");
}

/** For `useSyncExternalStore`. */
export function onSession(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Signs in with the token or code in the fragment of a link (`#key=…`, `#code=…`), now and whenever such a link is opened in this tab. The
 * fragment is removed from the address first, so that it stays in neither the address bar nor the history.
 */
export async function signInFromLinks(): Promise<void> {
  const code = takeFromAddress();
  // In the capture phase: the router must not see the token, because it keeps the addresses that it has seen.
  const taken = (): void => {
    const found = takeFromAddress();
    if (found !== null) void useCode(found);
  };
  addEventListener("popstate", taken, { capture: true });
  addEventListener("hashchange", taken, { capture: true });
  tabs.addEventListener("message", ({ data }) => {
    if (data === "ended" && current?.token === null) endSession("signed_out");
    if (data === "begun" && current === null) void beginWithCookie();
  });
  if (code !== null) await useCode(code);
  else if (current === null) await lookUp();
}

/** Starts the session that the browser has, if any. */
async function lookUp(): Promise<void> {
  if (isPortal()) return;
  await refreshState();
  if (state.signedIn) begin({ token: null });
}

/** Asks the server whether the browser has a session. Without a response, the page shows the error of its next request. */
async function refreshState(): Promise<void> {
  try {
    const response = await fetch(`${baseUrl()}/api/v1/sign-in`, { cache: "no-store" });
    if (response.ok) state = (await response.json()) as SignInState;
  } catch {
    // The state stays as it was.
  }
}

/** Exchanges the code in the link of a development server for a session. */
async function useCode(code: string): Promise<void> {
  const response = await post("sign-in/code", { code }).catch(() => null);
  if (response?.ok === true) return await startCookieSession();
  // The link was used, perhaps by this browser.
  await lookUp();
  if (current === null) {
    ended = "link_invalid";
    notify();
  }
}

function post(path: string, body: object): Promise<Response> {
  return fetch(`${baseUrl()}/api/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-posthorn-csrf": "1" },
    body: JSON.stringify(body),
  });
}

/** Takes a token or code out of the address. @returns The code of a development server; `null`: there is none. */
function takeFromAddress(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [token, code] = [fragment.get("key")?.trim(), fragment.get("code")?.trim()];
  if (token === undefined && code === undefined) return null;
  fragment.delete("key");
  fragment.delete("code");
  const rest = fragment.size === 0 ? "" : `#${fragment.toString()}`;
  history.replaceState(history.state, "", `${location.pathname}${location.search}${rest}`);
  if (token !== undefined && token !== "" && token !== current?.token) startSession(token);
  if (code === undefined || code === "") return null;
  return keepLinkCode(location.pathname, code) ? null : code;
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
