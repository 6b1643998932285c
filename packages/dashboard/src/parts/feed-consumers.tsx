import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, SelectField, TextField } from "../components/form.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";
import { expiresSoon, feedSnippets, feedUrl, MAX_LAG } from "../lib/feed.ts";
import { formatNumber } from "../lib/format.ts";
import { fromLocalInput } from "../lib/local-input.ts";
import styles from "./row-actions.module.css";

type Consumer = components["schemas"]["FeedConsumerOut"];

export interface FeedProps {
  readonly app: string;
  /** `null`: the feed of the application. */
  readonly endpoint: string | null;
}

/** How often positions are read again while they are shown. */
const REFRESH_MS = 10_000;

/** Consumers of a feed, with position and lag. */
export function FeedConsumers({ app, endpoint }: FeedProps) {
  const { t } = useTranslation();
  const key = ["feed-consumers", app, endpoint];
  const list = useList(
    key,
    (query) =>
      endpoint === null
        ? must(api.GET("/api/v1/app/{app_id}/feed/consumer", { params: { path: { app_id: app }, query } }))
        : must(
            api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/feed/consumer", {
              params: { path: { app_id: app, endpoint_id: endpoint }, query },
            }),
          ),
    { everyMs: REFRESH_MS },
  );
  return (
    <ListSection
      title={t("feed.consumers")}
      lead={t("feed.consumersLead")}
      list={list}
      rowKey={({ id }) => id}
      empty={t("feed.none")}
      emptyAction={<CodeBlock label={t("feed.firstPoll")} text={feedSnippets(feedUrl(app, endpoint)).poll} />}
      columns={[
        { key: "name", label: t("feed.name"), cell: ({ id }) => <strong>{id}</strong> },
        { key: "position", label: t("feed.position"), cell: (row) => <Position consumer={row} /> },
        { key: "lag", label: t("feed.lag"), cell: (row) => <Lag consumer={row} /> },
        { key: "leases", label: t("feed.leases"), cell: (row) => <Leases consumer={row} /> },
        { key: "used", label: t("feed.used"), cell: ({ usedAt }) => <Time at={usedAt} relative /> },
        { key: "expires", label: t("feed.expires"), cell: (row) => <Expiry consumer={row} /> },
        {
          key: "actions",
          label: t("feed.actions"),
          tight: true,
          end: true,
          cell: ({ id }) => <Actions app={app} endpoint={endpoint} name={id} />,
        },
      ]}
    />
  );
}

interface RowProps {
  readonly consumer: Consumer;
}

function Position({ consumer: { committedUntil } }: RowProps) {
  const { t } = useTranslation();
  return committedUntil === null ? <span className="muted">{t("feed.start")}</span> : <Time at={committedUntil} />;
}

function Lag({ consumer: { behind, oldestPending } }: RowProps) {
  const { t, i18n } = useTranslation();
  if (behind === 0) return <Badge tone="good">{t("feed.upToDate")}</Badge>;
  const count = formatNumber(i18n.language, behind);
  return (
    <>
      {t("feed.behind", { count: behind, value: behind >= MAX_LAG ? `${count}+` : count })}
      {oldestPending !== null && (
        <span className="muted">
          {" · "}
          <Time at={oldestPending} relative />
        </span>
      )}
    </>
  );
}

function Leases({ consumer: { leases, leaseEndsAt } }: RowProps) {
  const { t } = useTranslation();
  if (leaseEndsAt === null) return leases;
  return (
    <div>
      {leases}
      <span className="muted">
        {" · "}
        {t("feed.leaseEnds")} <Time at={leaseEndsAt} relative />
      </span>
    </div>
  );
}

function Expiry({ consumer: { expiresAt } }: RowProps) {
  const [now] = useState(() => Date.now());
  const time = <Time at={expiresAt} relative />;
  return expiresSoon(expiresAt, now) ? <Badge tone="warn">{time}</Badge> : time;
}

interface ActionsProps extends FeedProps {
  readonly name: string;
}

function Actions({ app, endpoint, name }: ActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const remove = async (): Promise<void> => {
    await (endpoint === null
      ? must(
          api.DELETE("/api/v1/app/{app_id}/feed/consumer/{consumer_id}", {
            params: { path: { app_id: app, consumer_id: name } },
          }),
        )
      : must(
          api.DELETE("/api/v1/app/{app_id}/endpoint/{endpoint_id}/feed/consumer/{consumer_id}", {
            params: { path: { app_id: app, endpoint_id: endpoint, consumer_id: name } },
          }),
        ));
    await queries.invalidateQueries({ queryKey: ["feed-consumers", app, endpoint] });
  };
  return (
    <div className={styles["actions"]}>
      <Reset app={app} endpoint={endpoint} name={name} />
      <Confirm
        needs="endpoints:write"
        trigger={
          <Button small kind="danger">
            {t("actions.delete")}
          </Button>
        }
        title={t("feed.deleteTitle", { name })}
        text={t("feed.deleteText")}
        action={t("actions.delete")}
        danger
        onConfirm={remove}
      />
    </div>
  );
}

const RESETS = ["earliest", "latest", "after"] as const;

/** Moves a consumer after a confirmation that says what happens. */
function Reset({ app, endpoint, name }: ActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [to, setTo] = useState<string>("earliest");
  const reset = useMutation({
    mutationFn: ({ after = "" }: FormValues) => {
      const body =
        to === "after"
          ? { after: fromLocalInput(after) }
          : { startingPosition: to === "latest" ? ("latest" as const) : ("earliest" as const) };
      return endpoint === null
        ? must(
            api.POST("/api/v1/app/{app_id}/feed/consumer/{consumer_id}/reset", {
              params: { path: { app_id: app, consumer_id: name } },
              body,
            }),
          )
        : must(
            api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/feed/consumer/{consumer_id}/reset", {
              params: { path: { app_id: app, endpoint_id: endpoint, consumer_id: name } },
              body,
            }),
          );
    },
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["feed-consumers", app, endpoint] });
    },
  });
  return (
    <FormDialog
      needs="endpoints:write"
      trigger={<Button small>{t("feed.move")}</Button>}
      title={t("feed.resetTitle", { name })}
      open={open}
      onOpenChange={setOpen}
      submit={t("feed.reset")}
      danger
      onSubmit={(values) => reset.mutate(values)}
      error={reset.error}
      busy={reset.isPending}
    >
      <SelectField
        label={t("feed.resetTo")}
        value={to}
        onChange={setTo}
        choices={RESETS.map((value) => ({ value, label: t(`feed.resets.${value}`) }))}
      />
      {to === "after" && <TextField name="after" type="datetime-local" label={t("feed.resetAfter")} required />}
      <p className="muted">{t(to === "latest" ? "feed.resetSkips" : "feed.resetRepeats")}</p>
    </FormDialog>
  );
}
