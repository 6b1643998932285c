import { Link, type LinkProps } from "@tanstack/react-router";
import { Download, Upload } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { List } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { OutcomeBadge } from "../components/outcome.tsx";
import { Note } from "../components/state.tsx";
import { type Column, Table } from "../components/table.tsx";
import { formatBytes } from "../lib/format.ts";
import type { MessageFilter } from "../lib/message-filter.ts";
import { isSource } from "../lib/source.ts";
import { useLive } from "../live/use-live.ts";
import { useAudience } from "../session/audience.ts";
import styles from "./message-list.module.css";
import { MessageFilters } from "./message-filters.tsx";
import { type FoundMessage, useMessageList } from "./message-list-query.ts";
import { timeColumn } from "../components/list-page.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { MAX_REPLAYED, ReplaySelected } from "./replay-selected.tsx";
import { useSelection } from "./use-selection.tsx";
import { publish } from "../lib/api-command.ts";
import { ApiCommand } from "./api-command.tsx";
import { SendExample } from "./send-example.tsx";

export interface MessageListProps {
  /** ID of the application. If omitted, messages of all applications are listed. */
  readonly app?: string;
  readonly filter: MessageFilter;
  readonly onFilter: (filter: MessageFilter) => void;
}

/** Messages with their delivery status, newest first, with filters. New messages are announced and added on request. */
export function MessageList({ app, filter, onFilter }: MessageListProps) {
  const { t } = useTranslation();
  const asked: MessageFilter = app === undefined ? filter : { ...filter, app };
  const [arrived, setArrived] = useState(0);
  const list = useMessageList(asked);
  useLive({
    events: (events) => {
      const fits = events.filter((event) => event.type === "message.accepted" && matchesFilter(asked, event));
      if (fits.length > 0) setArrived((count) => count + fits.length);
    },
    gap: () => setArrived((count) => count + 1),
  });
  const show = (): void => {
    setArrived(0);
    list.reload();
    scrollTo({ top: 0 });
  };
  return (
    <>
      <MessageFilters filter={filter} onChange={onFilter} {...(app === undefined ? {} : { app })} />
      {arrived > 0 && (
        <Note
          action={
            <Button small onClick={show}>
              {t("messages.showNew")}
            </Button>
          }
        >
          {t("messages.arrived", { count: arrived })}
        </Note>
      )}
      <MessageTable list={list} app={app} asked={asked} filtered={Object.keys(filter).length > 0} />
    </>
  );
}

function matchesFilter(
  { app, type, direction }: MessageFilter,
  event: { readonly appId: string; readonly appUid: string | null; readonly eventType: string },
) {
  if (direction !== undefined && (direction === "in") !== isSource(event.appId)) return false;
  if (app !== undefined && app !== event.appId && app !== event.appUid) return false;
  return type === undefined || type.split(",").includes(event.eventType);
}

interface MessageTableProps {
  readonly list: List<FoundMessage>;
  readonly app: string | undefined;
  /** Filters of the list, for the links to the next messages. */
  readonly asked: MessageFilter;
  readonly filtered: boolean;
}

/** Application or source of a message, with its direction. */
function Owner({ row: { appId, appName, direction } }: { readonly row: FoundMessage }) {
  const { t } = useTranslation();
  const Icon = direction === "in" ? Download : Upload;
  const link: LinkProps =
    direction === "in"
      ? { to: "/sources/$source", params: { source: appId } }
      : { to: "/applications/$app", params: { app: appId } };
  return (
    <span className={styles["owner"]}>
      <Icon size={14} aria-label={t(`filters.directions.${direction}`)} />
      <Link {...link} data-above className="muted">
        {appName}
      </Link>
    </span>
  );
}

function MessageTable({ list, app, asked, filtered }: MessageTableProps) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  const selection = useSelection(list.rows, ({ eventType, id }) => `${eventType}, ${id}`, MAX_REPLAYED);
  // A replay of messages of all applications is an operation of the organisation as a whole.
  const mayReplay = audience.can("CreateAttempts");
  const application: readonly Column<FoundMessage>[] = [
    {
      key: "app",
      label: t("messages.application"),
      cell: (row) => <Owner row={row} />,
    },
  ];
  const table = (
    <Table
      label={t("messages.title")}
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t(filtered ? "messages.noneFound" : "messages.none")}
      emptyAction={!filtered && <FirstMessage app={app} />}
      columns={[
        {
          key: "type",
          label: t("messages.type"),
          cell: (row) => (
            <span className={styles["name"]}>
              <Link {...audience.message(row.appId, row.id)} state={{ messageList: asked }}>
                {row.eventType}
              </Link>
              <code className={styles["id"]}>{row.eventId ?? row.id}</code>
            </span>
          ),
        },
        ...(app === undefined ? application : []),
        {
          key: "outcome",
          label: t("messages.outcome"),
          cell: (row) => <OutcomeBadge counts={row.deliveries} />,
        },
        {
          key: "size",
          label: t("messages.size"),
          end: true,
          wideOnly: true,
          cell: (row) => (row.payloadBytes === null ? "–" : formatBytes(i18n.language, row.payloadBytes)),
        },
        timeColumn(t("messages.time"), "timestamp"),
        ...(mayReplay ? [selection.column] : []),
      ]}
    />
  );
  return (
    <>
      <BulkBar
        label={t("replaySelected.selected")}
        selection={selection}
        loaded={Math.min(list.rows.length, MAX_REPLAYED)}
      >
        <ReplaySelected app={app} selected={selection.selected} />
      </BulkBar>
      {table}
    </>
  );
}

/** How to get a first message: operators publish it, and customers send an example. */
function FirstMessage({ app }: { readonly app: string | undefined }) {
  const audience = useAudience();
  if (audience.kind === "operator") return <ApiCommand call={publish(app)} />;
  return app !== undefined && audience.can("CreateAttempts") && <SendExample app={app} />;
}
