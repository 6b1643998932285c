import type { QueryKey } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type ListPage, useList } from "../api/list.ts";
import { ListSection } from "../components/list-page.tsx";
import type { Column } from "../components/table.tsx";
import { Url } from "../components/url.tsx";
import { subscriptionsSearch } from "../lib/page-search.ts";
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
  /** The search field, and its name in the address; absent: the list is not searched. */
  readonly searched?: { readonly name: "subscription" | "hook"; readonly label: string };
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
  searched,
  empty,
  ...texts
}: SubscriptionListProps<Row>) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/applications/$app" });
  const given = subscriptionsSearch({ ...useSearch({ from: "/operator/applications/$app" }) });
  const search = searched === undefined ? "" : (given[searched.name] ?? "");
  const filter = search === "" ? {} : { search };
  const list = useList(
    [...queryKey, filter],
    (query) => load({ ...query, ...filter }),
    everyMs === undefined ? {} : { everyMs },
  );
  const isShown = search !== "" || list.rows.length > 0;
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
      {searched !== undefined && isShown && (
        <ListFilters
          listName={texts.title}
          search={{ label: searched.label, value: search }}
          choices={[]}
          onChange={(_name, value) =>
            void navigate({
              search: { ...subscriptionsSearch({ ...given, [searched.name]: value }), tab: "subscriptions" },
              replace: true,
            })
          }
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
