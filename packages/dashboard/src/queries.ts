import { MutationCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api/client.ts";

const TRIES = 2;

/** Creates the query client. Server errors are retried, client errors are not. */
export function createQueries(): QueryClient {
  const retry = (count: number, error: Error): boolean =>
    count < TRIES && !(error instanceof ApiError && error.status < 500);
  // The role of the caller may have changed.
  const onError = (error: Error): void => {
    if (error instanceof ApiError && error.status === 403) void client.invalidateQueries({ queryKey: ["caller"] });
  };
  const client = new QueryClient({
    mutationCache: new MutationCache({ onError }),
    defaultOptions: { queries: { retry, staleTime: 5000 } },
  });
  return client;
}
