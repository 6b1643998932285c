/**
 * Live event stream of the tab. It starts with the first subscriber and resumes after an interruption. If missed events cannot be resumed,
 * it reports a `gap`, and subscribers reload from the lists.
 */
import { baseUrl } from "../lib/base.ts";
import { onSession, readSession } from "../session/session.ts";
import { readEvents, type ServerEvent } from "./stream.ts";

export type LiveState = "off" | "connecting" | "open" | "broken";

export interface MessageAccepted {
  readonly type: "message.accepted";
  readonly id: string;
  readonly appId: string;
  readonly appUid: string | null;
  readonly appName: string;
  readonly msgId: string;
  readonly eventType: string;
  readonly eventId: string | null;
  readonly endpoints: number;
  readonly timestamp: string;
}

export interface AttemptRecorded {
  readonly type: "attempt.recorded";
  readonly id: string;
  readonly appId: string;
  readonly appUid: string | null;
  readonly appName: string;
  readonly msgId: string;
  readonly eventType: string;
  readonly endpointId: string | null;
  readonly endpointUrl: string | null;
  readonly attemptId: string;
  readonly status: number;
  readonly responseStatusCode: number;
  readonly responseDurationMs: number;
  readonly errorCode: string | null;
  readonly nextAttempt: string | null;
  readonly timestamp: string;
}

export type LiveEvent = MessageAccepted | AttemptRecorded;

export interface LiveReader {
  readonly events: (events: readonly LiveEvent[]) => void;
  /** Called when events were missed that are only available from the lists. */
  readonly gap: () => void;
}

/** The connection counts as lost after this time without data. The server sends a comment every 15 seconds. */
const QUIET_MS = 40_000;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 15_000;

const readers = new Set<LiveReader>();
const watchers = new Set<() => void>();
let state: LiveState = "off";
let lastId: string | null = null;
let running: AbortController | null = null;

export function liveState(): LiveState {
  return state;
}

/** For `useSyncExternalStore`. */
export function onLiveState(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Subscribes a reader. @returns A function that unsubscribes it. */
export function watchLive(reader: LiveReader): () => void {
  readers.add(reader);
  if (running === null) start();
  return () => {
    readers.delete(reader);
    // Delayed, so that the stream survives a navigation from one page to the next.
    setTimeout(() => readers.size === 0 && stop(), FIRST_WAIT_MS);
  };
}

/** Reconnects immediately. */
export function reconnect(): void {
  stop();
  if (readers.size > 0) start();
}

onSession(() => {
  lastId = null;
  reconnect();
});
addEventListener("online", () => state === "broken" && reconnect());

function setState(next: LiveState): void {
  state = next;
  for (const watcher of watchers) watcher();
}

function stop(): void {
  running?.abort();
  running = null;
  setState("off");
}

function start(): void {
  const session = readSession();
  if (session === null) return;
  const controller = new AbortController();
  running = controller;
  void run(session.token, controller.signal);
}

async function run(token: string | null, signal: AbortSignal): Promise<void> {
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    setState(state === "broken" ? "broken" : "connecting");
    try {
      const headers = {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(lastId === null ? {} : { "last-event-id": lastId }),
      };
      const response = await fetch(`${baseUrl()}/api/v1/live`, { headers, signal, cache: "no-store" });
      if (response.ok) {
        wait = FIRST_WAIT_MS;
        setState("open");
        await readEvents(response, signal, QUIET_MS, dispatch);
      }
    } catch {
      // Any failure is retried below, and the state shows it.
    }
    if (signal.aborted) return;
    setState("broken");
    await pause(wait, signal);
    wait = Math.min(MAX_WAIT_MS, wait * 2);
  }
}

function dispatch(events: readonly ServerEvent[]): void {
  let gap = false;
  const found: LiveEvent[] = [];
  for (const event of events) {
    lastId = event.id;
    if (event.event === "gap") gap = true;
    const parsed = toLive(event);
    if (parsed !== null) found.push(parsed);
  }
  for (const reader of readers) {
    if (gap) reader.gap();
    if (found.length > 0) reader.events(found);
  }
}

function toLive({ id, event, data }: ServerEvent): LiveEvent | null {
  if (event !== "message.accepted" && event !== "attempt.recorded") return null;
  const fields = JSON.parse(data) as Record<string, unknown>;
  return {
    ...fields,
    ...(event === "attempt.recorded" ? { attemptId: fields["id"] } : {}),
    type: event,
    id,
  } as LiveEvent;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
