/** Paginated lists of the API, loaded page by page. */
import { keepPreviousData, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { timeOfId } from "../lib/id.ts";

export interface ListPage<Row> {
  readonly data: readonly Row[];
  readonly iterator?: string | null;
  readonly done: boolean;
}

export interface List<Row> {
  readonly rows: readonly Row[];
  readonly error: Error | null;
  readonly isLoading: boolean;
  readonly isLoadingMore: boolean;
  readonly hasMore: boolean;
  /** How far a filtered list has been searched; `null` when its last page was full or is the end. */
  readonly search: Search | null;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

/** Progress of a filtered list whose last pages were not full. */
export interface Search {
  /** Unix milliseconds; `null` when unknown. */
  readonly backTo: number | null;
  /** Whether loading is paused until the reader asks for more, after {@link PAGES_UNASKED} pages that were not full. */
  readonly isPaused: boolean;
}

export const PAGE_SIZE = 50;
/** Number of consecutive pages that are not full after which loading pauses until the reader asks for more. */
const PAGES_UNASKED = 10;

export interface ListOptions {
  /** Polling interval while the list is shown. */
  readonly everyMs?: number;
  /** Keeps the rows that are already loaded, instead of loading them again. */
  readonly keeps?: boolean;
}

export function useList<Row>(
  key: QueryKey,
  load: (page: { readonly iterator?: string; readonly limit: number }) => Promise<ListPage<Row>>,
  { everyMs, keeps = false }: ListOptions = {},
): List<Row> {
  const query = useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => load({ limit: PAGE_SIZE, ...(pageParam === undefined ? {} : { iterator: pageParam }) }),
    getNextPageParam: (page) => (page.done ? undefined : (page.iterator ?? undefined)),
    // Keeps the previous rows while the rows for new filters load.
    placeholderData: keepPreviousData,
    ...(keeps ? { staleTime: Number.POSITIVE_INFINITY } : {}),
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const search = useMemo(() => searchOf(query.data?.pages ?? []), [query.data]);
  return {
    rows,
    search,
    error: query.error,
    isLoading: query.isPending,
    isLoadingMore: query.isFetchingNextPage,
    hasMore: query.hasNextPage,
    loadMore: () => void (query.hasNextPage && !query.isFetchingNextPage && query.fetchNextPage()),
    reload: () => void query.refetch(),
  };
}

/** The server scans a limited number of rows per page, so pages of a selective filter can be short or empty. */
export function searchOf(pages: readonly ListPage<unknown>[]): Search | null {
  const isShort = ({ data, done }: ListPage<unknown>): boolean => !done && data.length < PAGE_SIZE;
  const short = pages.length - 1 - pages.findLastIndex((page) => !isShort(page));
  const iterator = pages.at(-1)?.iterator;
  if (short === 0 || !iterator) return null;
  return { backTo: timeOfId(iterator), isPaused: short % PAGES_UNASKED === 0 };
}

/** A list of rows that are already loaded. */
export function fixedList<Row>(rows: readonly Row[]): List<Row> {
  const nothing = (): void => undefined;
  return {
    rows,
    error: null,
    isLoading: false,
    isLoadingMore: false,
    hasMore: false,
    search: null,
    loadMore: nothing,
    reload: nothing,
  };
}
