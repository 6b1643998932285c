import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api/client.ts";

const TRIES = 2;

/** Creates the query client. Server errors are retried, client errors are not. */
export function createQueries(): QueryClient {
  const retry = (count: number, error: Error): boolean =>
    count < TRIES && !(error instanceof ApiError && error.status < 500);
  return new QueryClient({ defaultOptions: { queries: { retry, staleTime: 5000 } } });
}
