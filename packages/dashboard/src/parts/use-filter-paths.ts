/** Suggestions from recent messages, for rules and filters. */
import { filterPathsOf, type SuggestedSelector, suggestSelectors } from "../lib/watch-selectors.ts";
import { useRecentMessages } from "./source-samples.tsx";

const MESSAGES = 10;

/** Selectors in the newest messages of an application or source, of these types or of all. */
export function useSuggestedSelectors(app: string, eventTypes: readonly string[]): readonly SuggestedSelector[] {
  const recent = useRecentMessages(app, MESSAGES, eventTypes);
  return suggestSelectors((recent.data?.data ?? []).map(({ payload }) => payload));
}

/** @param others Names beside the payload. */
export function useFilterPaths(app: string, eventTypes: readonly string[], others: readonly string[]) {
  return filterPathsOf(useSuggestedSelectors(app, eventTypes), others);
}
