/** Lists of the API in pages, loaded as the reader comes to their end. */
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
  /** `null`: the last page was full, or is the end. */
  readonly search: Search | null;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

/** How far a list with a filter was looked through, whose last pages had less than fits on them. */
export interface Search {
  /** Unix milliseconds; `null`: not known. */
  readonly backTo: number | null;
  /** Enough was looked through without being asked: the reader says whether to go on. */
  readonly isPaused: boolean;
}

export const PAGE_SIZE = 50;
/** Pages in a row that are not full, after which nothing more is loaded until the reader wants it. */
const PAGES_UNASKED = 10;

export interface ListOptions {
  /** Asked again this often, while the page is looked at. */
  readonly everyMs?: number;
}

export function useList<Row>(
  key: QueryKey,
  load: (page: { readonly iterator?: string; readonly limit: number }) => Promise<ListPage<Row>>,
  { everyMs }: ListOptions = {},
): List<Row> {
  const query = useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => load({ limit: PAGE_SIZE, ...(pageParam === undefined ? {} : { iterator: pageParam }) }),
    getNextPageParam: (page) => (page.done ? undefined : (page.iterator ?? undefined)),
    // With other filters the rows before stay until the new ones are there.
    placeholderData: keepPreviousData,
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

/** The server looks at so many rows for a page and no more, so pages of rare things are short or empty. */
export function searchOf(pages: readonly ListPage<unknown>[]): Search | null {
  const isShort = ({ data, done }: ListPage<unknown>): boolean => !done && data.length < PAGE_SIZE;
  const short = pages.length - 1 - pages.findLastIndex((page) => !isShort(page));
  const iterator = pages.at(-1)?.iterator;
  if (short === 0 || !iterator) return null;
  return { backTo: timeOfId(iterator), isPaused: short % PAGES_UNASKED === 0 };
}

/** Rows that are there at once, in the form of a list. */
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
