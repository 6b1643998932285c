import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api/client.ts";

const TRIES = 2;

/** What the server refused it will refuse again; what it could not do it may manage in a moment. */
export function createQueries(): QueryClient {
  const retry = (count: number, error: Error): boolean =>
    count < TRIES && !(error instanceof ApiError && error.status < 500);
  return new QueryClient({ defaultOptions: { queries: { retry, staleTime: 5000 } } });
}
