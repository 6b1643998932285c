/** First steps on a new server, and whether their list is shown. */
import type { components } from "../api/schema.ts";
import { captureInput, DEFAULT_RESPONSE, expiryOf, isCapture } from "./capture.ts";

/** External ID of the application and endpoint that the first step creates. */
export const DEMO = "demo";
export const DEMO_TYPE = "invoice.paid";
export const DEMO_PAYLOAD = '{"id":"inv_1042","amount":4200,"currency":"EUR"}';

export const FIRST_STEPS = ["send", "receive", "portal", "alert"] as const;
export type FirstStep = (typeof FIRST_STEPS)[number];

const KEY = "posthorn.first-run";

/** `new`: not decided yet. `open`: shown until the reader hides it. `hidden`: the reader has hidden it. */
export type FirstRunState = "new" | "open" | "hidden";

/**
 * Whether the first steps are shown: on a server without messages, and from then on until the reader hides them.
 *
 * @param isEmpty Whether the server has no messages; `undefined` while that is not known.
 */
export function showsFirstRun(state: FirstRunState, isEmpty: boolean | undefined): boolean {
  return state === "open" || (state === "new" && isEmpty === true);
}

export function firstRunState(): FirstRunState {
  const stored = read(KEY);
  return stored === "open" || stored === "hidden" ? stored : "new";
}

export function keepFirstRunState(state: FirstRunState): void {
  write(KEY, state);
}

/** Whether this browser has opened the portal of the first application. The server does not record it. */
export function hasOpenedPortal(): boolean {
  return read(`${KEY}.portal`) === "yes";
}

export function keepOpenedPortal(): void {
  write(`${KEY}.portal`, "yes");
}

/** Request body of the test receiver, a capture that lasts for a week. */
export function testReceiver(name: string, now: number): ReturnType<typeof captureInput> {
  return captureInput(name, expiryOf("week", now), DEFAULT_RESPONSE);
}

type Source = Pick<components["schemas"]["IngestSourceOut"], "id" | "name" | "expiresAt">;

/** The newest source that is not a capture. */
export function firstSource<One extends Source>(sources: readonly One[]): One | undefined {
  return sources.find((source) => !isCapture(source));
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without storage, the list is shown again after a reload.
  }
}
