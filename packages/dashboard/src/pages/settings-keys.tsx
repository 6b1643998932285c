import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { type FormValues, SelectField, TextField } from "../components/form.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { ListSection } from "../components/list-page.tsx";

const DAY_MS = 86_400_000;
const LIVES = { never: null, month: 30, quarter: 90, year: 365 } as const;
type Life = keyof typeof LIVES;

/** API keys of the organisation. A key is shown once, after it is created. */
export function Keys() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = useList(["keys"], (page) => must(api.GET("/api/v1/auth/api-key", { params: { query: page } })));
  const [created, setCreated] = useState<string | null>(null);
  const revoke = async (id: string): Promise<void> => {
    await must(api.DELETE("/api/v1/auth/api-key/{key_id}", { params: { path: { key_id: id } } }));
    await queries.invalidateQueries({ queryKey: ["keys"] });
  };
  return (
    <ListSection
      title={t("keys.title")}
      lead={t("keys.lead")}
      actions={<NewKey onCreated={setCreated} />}
      list={list}
      rowKey={(row) => row.id}
      empty={t("keys.none")}
      columns={[
        { key: "name", label: t("applications.name"), cell: (row) => <strong>{row.name}</strong> },
        {
          key: "id",
          label: t("messages.id"),
          wideOnly: true,
          cell: (row) => <code className="muted">{row.id}</code>,
        },
        { key: "created", label: t("applications.created"), cell: (row) => <Time at={row.createdAt} relative /> },
        { key: "expires", label: t("keys.expires"), cell: (row) => <Time at={row.expiresAt} /> },
        {
          key: "revoke",
          label: "",
          tight: true,
          cell: (row) => (
            <Confirm
              trigger={
                <Button small kind="danger">
                  {t("keys.revoke")}
                </Button>
              }
              title={t("keys.revokeTitle", { name: row.name })}
              text={t("keys.revokeText")}
              action={t("keys.revoke")}
              danger
              onConfirm={() => revoke(row.id)}
            />
          ),
        },
      ]}
    >
      {created !== null && (
        <Note tone="good">
          <strong>{t("keys.created")}</strong>
          <br />
          <Copyable text={created} />
        </Note>
      )}
    </ListSection>
  );
}

function NewKey({ onCreated }: { readonly onCreated: (token: string) => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: ({ name = "", life = "never" }: FormValues) => {
      const days = LIVES[life as Life];
      const expiresAt = days === null ? null : new Date(Date.now() + days * DAY_MS).toISOString();
      return must(api.POST("/api/v1/auth/api-key", { body: { name, expiresAt } }));
    },
    onSuccess: async ({ token }) => {
      setOpen(false);
      onCreated(token);
      await queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  return (
    <FormDialog
      trigger={<AddButton>{t("keys.new")}</AddButton>}
      title={t("keys.new")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={(values) => create.mutate(values)}
      error={create.error}
      busy={create.isPending}
    >
      <TextField name="name" label={t("applications.name")} placeholder="CI" required autoFocus />
      <SelectField
        name="life"
        label={t("keys.expires")}
        value="never"
        choices={(Object.keys(LIVES) as Life[]).map((value) => ({ value, label: t(`keys.lives.${value}`) }))}
      />
    </FormDialog>
  );
}
