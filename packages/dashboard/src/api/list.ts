/** Lists of the API in pages, loaded as the reader comes to their end. */
import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

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

export function useList<Row>(
  key: QueryKey,
  load: (page: { readonly iterator?: string; readonly limit: number }) => Promise<ListPage<Row>>,
): List<Row> {
  const query = useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => load({ limit: PAGE_SIZE, ...(pageParam === undefined ? {} : { iterator: pageParam }) }),
    getNextPageParam: (page) => (page.done ? undefined : (page.iterator ?? undefined)),
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.data) ?? [],
    error: query.error,
    isLoading: query.isPending,
    isLoadingMore: query.isFetchingNextPage,
    hasMore: query.hasNextPage,
    loadMore: () => void (query.hasNextPage && !query.isFetchingNextPage && query.fetchNextPage()),
    reload: () => void query.refetch(),
  };
}
