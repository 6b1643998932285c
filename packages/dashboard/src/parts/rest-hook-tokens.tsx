import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Copyable } from "../components/copy.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import type { FormValues } from "../components/form.tsx";
import { ListSection, timeColumn } from "../components/list-page.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { type Life, LIVES, restHookTokensKey } from "../lib/subscriptions.ts";
import { DeleteRow } from "./delete-row.tsx";
import { LifeField } from "./life-field.tsx";

interface RestHookTokensProps {
  readonly app: string;
}

/** Tokens for automation platforms. A token is shown once, after it is created. */
export function RestHookTokens({ app }: RestHookTokensProps) {
  const { t } = useTranslation();
  const [created, setCreated] = useState<string | null>(null);
  const list = useList(restHookTokensKey(app), async () => {
    const { data } = await must(api.GET("/api/v1/app/{app_id}/rest-hook-token", { params: { path: { app_id: app } } }));
    return { data, done: true };
  });
  return (
    <ListSection
      title={t("subscriptions.tokens")}
      lead={t("subscriptions.tokensLead")}
      actions={<NewToken app={app} onCreated={setCreated} />}
      list={list}
      rowKey={({ id }) => id}
      empty={t("subscriptions.noTokens")}
      columns={[
        {
          key: "token",
          label: t("subscriptions.token"),
          cell: ({ tokenCensored }) => <code>{tokenCensored}</code>,
        },
        {
          key: "expires",
          label: t("subscriptions.expires"),
          cell: ({ expiresAt }) => (expiresAt === null ? t("subscriptions.never") : <Time at={expiresAt} relative />),
        },
        timeColumn(t("applications.created"), "createdAt"),
        {
          key: "actions",
          label: t("subscriptions.actions"),
          tight: true,
          end: true,
          cell: ({ id }) => (
            <DeleteRow
              needs="endpoints:write"
              action={t("keys.revoke")}
              title={t("subscriptions.revokeTitle")}
              text={t("subscriptions.revokeText")}
              lists={[restHookTokensKey(app)]}
              remove={async () => {
                await must(
                  api.DELETE("/api/v1/app/{app_id}/rest-hook-token/{token_id}", {
                    params: { path: { app_id: app, token_id: id } },
                  }),
                );
                setCreated(null);
              }}
            />
          ),
        },
      ]}
    >
      {created !== null && (
        <Note tone="good">
          <strong>{t("subscriptions.tokenCreated")}</strong>
          <br />
          <Copyable text={created} />
        </Note>
      )}
    </ListSection>
  );
}

function NewToken({ app, onCreated }: RestHookTokensProps & { readonly onCreated: (token: string | null) => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: ({ life = "never" }: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/rest-hook-token", {
          params: { path: { app_id: app } },
          body: { expiry: LIVES[life as Life] },
        }),
      ),
    onSuccess: async ({ token }) => {
      setOpen(false);
      onCreated(token);
      await queries.invalidateQueries({ queryKey: restHookTokensKey(app) });
    },
  });
  return (
    <FormDialog
      needs="endpoints:write"
      trigger={<AddButton kind="plain">{t("subscriptions.newToken")}</AddButton>}
      title={t("subscriptions.newToken")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={(values) => create.mutate(values)}
      error={create.error}
      busy={create.isPending}
    >
      <LifeField />
    </FormDialog>
  );
}
