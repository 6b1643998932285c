import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { AddButton } from "../components/form-dialog.tsx";
import { FormError } from "../components/form.tsx";
import { ListSection, timeColumn } from "../components/list-page.tsx";
import { Note } from "../components/state.tsx";
import { useAudience } from "../session/audience.ts";
import { RotateDialog } from "./rotate-dialog.tsx";
import styles from "./row-actions.module.css";

type Subscription = components["schemas"]["AutoConfigSubscriptionOut"];

const SNIPPET = `import { AutoConfigConsumer } from "svix";

const consumer = new AutoConfigConsumer(TOKEN, {});
await consumer.subscribe();
const { data } = await consumer.receive("worker");
if (data.length > 0) await consumer.commit("worker", data.at(-1).offset);`;

/** Subscriptions that receivers complete themselves with a token. */
export function AutoConfigs({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const { can } = useAudience();
  const queries = useQueryClient();
  const [token, setToken] = useState<string | null>(null);
  const list = useList(["auto-configs", app], (query) =>
    must(api.GET("/api/v1/app/{app_id}/autoconfig", { params: { path: { app_id: app }, query } })),
  );
  const show = async (created: string): Promise<void> => {
    setToken(created);
    await queries.invalidateQueries({ queryKey: ["auto-configs", app] });
  };
  const create = useMutation({
    mutationFn: () => must(api.POST("/api/v1/app/{app_id}/autoconfig", { params: { path: { app_id: app } } })),
    onSuccess: (created) => show(created.token),
  });
  return (
    <ListSection
      title={t("feed.subscriptions")}
      lead={t("feed.subscriptionsLead")}
      actions={
        <AddButton needs="endpoints:write" kind="plain" disabled={create.isPending} onClick={() => create.mutate()}>
          {t("feed.newSubscription")}
        </AddButton>
      }
      list={list}
      rowKey={({ id }) => id}
      empty={t("feed.noSubscriptions")}
      emptyAction={<CodeBlock label={t("feed.snippet")} text={SNIPPET} />}
      columns={[
        { key: "token", label: t("feed.subscriptionToken"), cell: (row) => <code>{row.tokenCensored}</code> },
        { key: "status", label: t("feed.status"), cell: (row) => <Status app={app} subscription={row} /> },
        timeColumn(t("applications.created"), "createdAt"),
        {
          key: "actions",
          label: t("feed.actions"),
          tight: true,
          end: true,
          cell: ({ id }) => (
            <div className={styles["actions"]}>
              {can("ManageEndpointSecret") && <Rotate app={app} id={id} onRotated={show} />}
              <Revoke app={app} id={id} />
            </div>
          ),
        },
      ]}
    >
      <FormError error={create.error} />
      {token !== null && (
        <Note tone="good">
          <strong>{t("feed.created")}</strong>
          <br />
          <Copyable text={token} />
        </Note>
      )}
    </ListSection>
  );
}

interface StatusProps {
  readonly app: string;
  readonly subscription: Subscription;
}

function Status({ app, subscription: { status, endpId, destId } }: StatusProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const endpoint = endpId ?? destId;
  if (status === "pending" || endpoint === null) return <Badge tone="warn">{t("feed.pending")}</Badge>;
  return (
    <>
      <Badge tone="good">{t(destId === null ? "feed.pushed" : "feed.pulled")}</Badge>{" "}
      <Link {...audience.endpoint(app, endpoint)} className="linked">
        {t("feed.openEndpoint")}
      </Link>
    </>
  );
}

interface RotateProps {
  readonly app: string;
  readonly id: string;
  readonly onRotated: (token: string) => Promise<void>;
}

function Rotate({ app, id, onRotated }: RotateProps) {
  const { t } = useTranslation();
  return (
    <RotateDialog
      needs="endpoints:write"
      trigger={<Button small>{t("feed.rotate")}</Button>}
      text={t("feed.rotateText")}
      rotate={(gracePeriodSeconds) =>
        must(
          api.POST("/api/v1/app/{app_id}/autoconfig/{autoconfig_id}/rotate", {
            params: { path: { app_id: app, autoconfig_id: id } },
            body: { signingSecret: { gracePeriodSeconds } },
          }),
        )
      }
      onRotated={({ token }) => onRotated(token)}
    />
  );
}

function Revoke({ app, id }: { readonly app: string; readonly id: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const revoke = async (): Promise<void> => {
    await must(
      api.DELETE("/api/v1/app/{app_id}/autoconfig/{autoconfig_id}", {
        params: { path: { app_id: app, autoconfig_id: id } },
      }),
    );
    await queries.invalidateQueries({ queryKey: ["auto-configs", app] });
  };
  return (
    <Confirm
      needs="endpoints:write"
      trigger={
        <Button small kind="danger">
          {t("keys.revoke")}
        </Button>
      }
      title={t("feed.revokeTitle")}
      text={t("feed.revokeSubscription")}
      action={t("keys.revoke")}
      danger
      onConfirm={revoke}
    />
  );
}
