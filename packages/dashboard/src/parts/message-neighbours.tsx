/** Links to the next newer and older message of the list from which a message was opened. */
import { Link, useRouterState } from "@tanstack/react-router";
import { ChevronDown, ChevronUp } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { buttonClass } from "../components/button.tsx";
import type { MessageFilter } from "../lib/message-filter.ts";
import { useAudience } from "../session/audience.ts";
import { type FoundMessage, useMessageList } from "./message-list-query.ts";

/** Maximum number of rows to load to find the message after a reload of the page. */
const MAX_ROWS = 500;

export function MessageNeighbours({ id }: { readonly id: string }) {
  const filter = useRouterState({ select: ({ location }) => location.state.messageList });
  return filter === undefined ? null : <Neighbours id={id} filter={filter} />;
}

function Neighbours({ id, filter }: { readonly id: string; readonly filter: MessageFilter }) {
  const { t } = useTranslation();
  // The list as the reader saw it, without messages that arrived later.
  const { rows, hasMore, isLoadingMore, loadMore } = useMessageList(filter, { keeps: true });
  const place = rows.findIndex((row) => row.id === id);
  const needsMore = hasMore && rows.length < MAX_ROWS && (place === -1 || place === rows.length - 1);
  useEffect(() => {
    if (needsMore && !isLoadingMore) loadMore();
  }, [needsMore, isLoadingMore, loadMore]);
  if (place === -1) return null;
  return (
    <>
      <Neighbour row={rows[place - 1]} filter={filter} label={t("messages.newer")}>
        <ChevronUp aria-hidden />
      </Neighbour>
      <Neighbour row={rows[place + 1]} filter={filter} label={t("messages.older")}>
        <ChevronDown aria-hidden />
      </Neighbour>
    </>
  );
}

interface NeighbourProps {
  /** `undefined`: there is none. */
  readonly row: FoundMessage | undefined;
  readonly filter: MessageFilter;
  readonly label: string;
  readonly children: ReactNode;
}

function Neighbour({ row, filter, label, children }: NeighbourProps) {
  const { message } = useAudience();
  if (row === undefined) return null;
  return (
    <Link
      {...message(row.appId, row.id)}
      state={{ messageList: filter }}
      replace
      className={buttonClass("plain", true)}
      title={row.eventType}
    >
      {children}
      {label}
    </Link>
  );
}
