import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { type LiveEvent, type LiveReader, type LiveState, liveState, onLiveState, watchLive } from "./live.ts";

export function useLiveState(): LiveState {
  return useSyncExternalStore(onLiveState, liveState);
}

/** Subscribes to the live stream while the component is mounted. */
export function useLive(reader: LiveReader): void {
  const latest = useRef(reader);
  useEffect(() => {
    latest.current = reader;
  });
  useEffect(
    () =>
      watchLive({
        events: (events) => latest.current.events(events),
        gap: () => latest.current.gap(),
      }),
    [],
  );
}

/**
 * Invalidates the queries with `keys` after live events that `concerns` accepts, at most once per `intervalMs`.
 */
export function useLiveRefresh(
  keys: readonly QueryKey[],
  concerns: (event: LiveEvent) => boolean = () => true,
  intervalMs = 2000,
): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const refresh = (): void => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      for (const queryKey of keys) void queries.invalidateQueries({ queryKey });
    }, intervalMs);
  };
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  useLive({ events: (events) => void (events.some(concerns) && refresh()), gap: refresh });
}
