/** How much of payloads the server shows to this session, according to the last response. */
import { useSyncExternalStore } from "react";

export type PayloadView = "full" | "masked" | "none";

/** Header of responses in which payloads are masked. */
const HEADER = "posthorn-payloads";

let current: PayloadView = "full";
const listeners = new Set<() => void>();

/** Reads the level from an API response. */
export function notePayloadView({ ok, headers }: Response): void {
  if (!ok) return;
  const given = headers.get(HEADER);
  const next = given === "masked" || given === "none" ? given : "full";
  if (next === current) return;
  current = next;
  for (const listener of listeners) listener();
}

export function usePayloadView(): PayloadView {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
