import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Copyable } from "../components/copy.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, TextField } from "../components/form.tsx";
import { ListSection, timeColumn } from "../components/list-page.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { type Life, LIVES } from "../lib/subscriptions.ts";
import { useAudience } from "../session/audience.ts";
import { DeleteRow } from "./delete-row.tsx";
import { LifeField } from "./life-field.tsx";

interface PortalKeysProps {
  readonly app: string;
  /** The key that was created last; `null`: none was, or it was revoked. It is shown once. */
  readonly created: string | null;
  readonly onCreated: (token: string | null) => void;
}

const keysOf = (app: string) => ["portal-keys", app] as const;

/** Keys of a customer for agents and programs. */
export function PortalKeys({ app, created, onCreated }: PortalKeysProps) {
  const { t } = useTranslation();
  const mayChange = useAudience().can("ManageEndpoint");
  const list = useList(keysOf(app), async () => {
    const { data } = await must(api.GET("/api/v1/app/{app_id}/portal-key", { params: { path: { app_id: app } } }));
    return { data, done: true };
  });
  return (
    <ListSection
      title={t("portal.agents.keys")}
      lead={t("portal.agents.keysLead")}
      actions={mayChange && <NewKey app={app} onCreated={onCreated} />}
      list={list}
      rowKey={({ id }) => id}
      empty={t("portal.agents.noKeys")}
      columns={[
        { key: "name", label: t("portal.agents.name"), cell: ({ name }) => name },
        { key: "key", label: t("portal.agents.key"), cell: ({ tokenCensored }) => <code>{tokenCensored}</code> },
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
          cell: ({ id }) =>
            mayChange && (
              <DeleteRow
                needs="tokens:issue"
                action={t("keys.revoke")}
                title={t("portal.agents.revokeTitle")}
                text={t("portal.agents.revokeText")}
                lists={[keysOf(app)]}
                remove={async () => {
                  const path = { app_id: app, key_id: id };
                  await must(api.DELETE("/api/v1/app/{app_id}/portal-key/{key_id}", { params: { path } }));
                  onCreated(null);
                }}
              />
            ),
        },
      ]}
    >
      {created !== null && (
        <Note tone="good">
          <strong>{t("portal.agents.created")}</strong>
          <br />
          <Copyable text={created} />
        </Note>
      )}
    </ListSection>
  );
}

function NewKey({ app, onCreated }: Pick<PortalKeysProps, "app" | "onCreated">) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: ({ name = "", life = "never" }: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/portal-key", {
          params: { path: { app_id: app } },
          body: { name, capabilities: ["ViewBase"], expiry: LIVES[life as Life] },
        }),
      ),
    onSuccess: async ({ token }) => {
      setOpen(false);
      onCreated(token);
      await queries.invalidateQueries({ queryKey: keysOf(app) });
    },
  });
  return (
    <FormDialog
      needs="tokens:issue"
      trigger={<AddButton kind="plain">{t("portal.agents.newKey")}</AddButton>}
      title={t("portal.agents.newKey")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={(values) => create.mutate(values)}
      error={create.error}
      busy={create.isPending}
    >
      <TextField name="name" label={t("portal.agents.name")} help={t("portal.agents.nameHelp")} required />
      <LifeField />
    </FormDialog>
  );
}
