import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, must } from "../api/client.ts";
import type { WatchRule } from "../lib/watch-draft.ts";

const PAUSE_MS = 500;

export interface DryRunInput {
  /** Application or source; empty: none yet. */
  readonly app: string;
  /** `null`: it is not complete. */
  readonly rule: WatchRule | null;
  readonly eventTypes: readonly string[] | null;
  readonly limit: number;
  /** Page of the values; 0 has the newest. */
  readonly valuePage: number;
  /** Changes when there are new messages, so that they are evaluated too. */
  readonly revision?: number;
}

/** Evaluates a rule on stored messages, shortly after its last change. */
export function useDryRun(input: DryRunInput) {
  const { valuePage } = input;
  const { app, rule, eventTypes, limit, revision = 0 } = useSettled(input);
  return useQuery({
    queryKey: ["dry-run", app, rule, eventTypes, limit, valuePage, revision],
    queryFn: () =>
      must(
        api.POST("/api/v1/app/{app_id}/watch/dry-run", {
          params: { path: { app_id: app } },
          body: { rule: rule!, eventTypes: eventTypes === null ? null : [...eventTypes], limit, valuePage },
        }),
      ),
    enabled: app !== "" && rule !== null,
    retry: false,
    placeholderData: keepPreviousData,
  });
}

/** Returns the value once it has not changed for a moment. */
function useSettled<T>(value: T): T {
  const text = JSON.stringify(value);
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text) as T), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
