import type { QueryKey } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ListPage, useList } from "../api/list.ts";
import { ListSection } from "../components/list-page.tsx";
import type { Column } from "../components/table.tsx";
import { Url } from "../components/url.tsx";
import { useAudience } from "../session/audience.ts";
import { DeleteRow, type DeleteRowProps } from "./delete-row.tsx";
import { ListFilters } from "./list-filters.tsx";

interface Identified {
  readonly id: string;
}

interface SubscriptionListProps<Row extends Identified> {
  readonly title: string;
  readonly lead: string;
  readonly empty: string;
  readonly queryKey: QueryKey;
  /** Label of the search field; absent: the list is not searched. */
  readonly searchLabel?: string;
  readonly load: (query: {
    readonly iterator?: string;
    readonly limit: number;
    readonly search?: string;
  }) => Promise<ListPage<Row>>;
  /** Polling interval; absent: it is not read again while it is shown. */
  readonly everyMs?: number;
  readonly columns: readonly Column<Row>[];
  /** Texts of the button that deletes a row. */
  readonly deletion: Pick<DeleteRowProps, "action" | "title" | "text">;
  readonly remove: (id: string) => Promise<unknown>;
}

/** Section with subscriptions of one type, each with a button that deletes it. */
export function SubscriptionList<Row extends Identified>({
  queryKey,
  load,
  everyMs,
  columns,
  deletion,
  remove,
  searchLabel,
  empty,
  ...texts
}: SubscriptionListProps<Row>) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const filter = search === "" ? {} : { search };
  const list = useList(
    [...queryKey, filter],
    (query) => load({ ...query, ...filter }),
    everyMs === undefined ? {} : { everyMs },
  );
  const isSearched = searchLabel !== undefined && (search !== "" || list.rows.length > 0);
  return (
    <ListSection
      {...texts}
      empty={search === "" ? empty : t("subscriptions.noMatch")}
      list={list}
      rowKey={({ id }) => id}
      columns={[
        ...columns,
        {
          key: "actions",
          label: t("subscriptions.actions"),
          tight: true,
          end: true,
          cell: ({ id }) => (
            <DeleteRow needs="endpoints:write" {...deletion} lists={[queryKey]} remove={() => remove(id)} />
          ),
        },
      ]}
    >
      {isSearched && (
        <ListFilters
          search={{ label: searchLabel, value: search }}
          choices={[]}
          onChange={(_name, value) => setSearch(value)}
        />
      )}
    </ListSection>
  );
}

interface SubscriberProps {
  readonly app: string;
  readonly endpointId: string;
  readonly url: string;
}

/** URL of a subscriber, with a link to its endpoint. */
export function Subscriber({ app, endpointId, url }: SubscriberProps) {
  const audience = useAudience();
  return (
    <Link {...audience.endpoint(app, endpointId)} className="linked">
      <Url url={url} />
    </Link>
  );
}
