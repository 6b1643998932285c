/** Lists of the API in pages, loaded as the reader comes to their end. */
import { keepPreviousData, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

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
  readonly loadMore: () => void;
  readonly reload: () => void;
}

export const PAGE_SIZE = 50;

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
  return {
    rows,
    error: query.error,
    isLoading: query.isPending,
    isLoadingMore: query.isFetchingNextPage,
    hasMore: query.hasNextPage,
    loadMore: () => void (query.hasNextPage && !query.isFetchingNextPage && query.fetchNextPage()),
    reload: () => void query.refetch(),
  };
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
    loadMore: nothing,
    reload: nothing,
  };
}
