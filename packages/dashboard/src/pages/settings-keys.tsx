import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import type { FormValues } from "../components/form.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { ListSection, timeColumn } from "../components/list-page.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { keysSearch } from "../lib/page-search.ts";
import { type EditedKey, keyBody, KeyFields } from "../parts/key-fields.tsx";
import { ListFilters } from "../parts/list-filters.tsx";
import { KeySentence } from "../parts/key-sentence.tsx";
import { Views } from "../parts/views.tsx";
import { CREATE_API_KEY } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

/** API keys of the organisation. A key is shown once, after it is created. */
export function Keys() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate({ from: "/settings" });
  const filter = keysSearch({ ...useSearch({ from: "/operator/settings" }) });
  const list = useList(["keys", filter], (page) =>
    must(api.GET("/api/v1/auth/api-key", { params: { query: { ...page, ...filter } } })),
  );
  const { order = "ascending" } = filter;
  const show = (search: Parameters<typeof keysSearch>[0]): void =>
    void navigate({ search: { ...keysSearch(search), tab: "keys" }, replace: true });
  const [created, setCreated] = useState<string | null>(null);
  const revoke = async (id: string): Promise<void> => {
    await must(api.DELETE("/api/v1/auth/api-key/{key_id}", { params: { path: { key_id: id } } }));
    await queries.invalidateQueries({ queryKey: ["keys"] });
  };
  return (
    <ListSection
      title={t("keys.title")}
      lead={t("keys.lead")}
      actions={
        <>
          <Views list="keys" filter={filter} />
          <NewKey onCreated={setCreated} />
        </>
      }
      list={list}
      rowKey={(row) => row.id}
      empty={t(filter.search === undefined ? "keys.none" : "keys.noMatch")}
      emptyAction={filter.search === undefined && <ApiCommand call={CREATE_API_KEY} />}
      columns={[
        {
          key: "name",
          label: t("applications.name"),
          cell: (row) => (
            <>
              <strong>{row.name}</strong>
              {row.description !== "" && <div>{row.description}</div>}
              <div className="muted">
                <KeySentence {...row} />
              </div>
            </>
          ),
        },
        {
          key: "id",
          label: t("messages.id"),
          wideOnly: true,
          cell: (row) => <code className="muted">{row.id}</code>,
        },
        timeColumn(t("applications.created"), "createdAt", {
          order,
          onChange: (next) => show({ ...filter, order: next }),
        }),
        {
          key: "used",
          label: t("keys.lastUsed"),
          cell: (row) => (row.lastUsedAt === null ? t("keys.neverUsed") : <Time at={row.lastUsedAt} relative />),
        },
        { key: "expires", label: t("keys.expires"), cell: (row) => <Time at={row.expiresAt} /> },
        { key: "edit", label: "", tight: true, cell: (row) => <EditKey id={row.id} value={row} /> },
        {
          key: "revoke",
          label: "",
          tight: true,
          cell: (row) => (
            <Confirm
              needs="keys:manage"
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
      <ListFilters
        search={{ label: t("keys.search"), value: filter.search }}
        choices={[]}
        onChange={(_name, search) => show({ ...filter, search })}
      />
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
  return (
    <KeyDialog
      trigger={<AddButton>{t("keys.new")}</AddButton>}
      title={t("keys.new")}
      submit={t("actions.create")}
      save={async (values) => {
        const { token } = await must(api.POST("/api/v1/auth/api-key", { body: keyBody(values) }));
        onCreated(token);
      }}
    />
  );
}

function EditKey({ id, value }: { readonly id: string; readonly value: EditedKey }) {
  const { t } = useTranslation();
  return (
    <KeyDialog
      trigger={<Button small>{t("actions.edit")}</Button>}
      title={t("keys.edit", { name: value.name })}
      submit={t("actions.save")}
      value={value}
      save={async (values) => {
        const params = { path: { key_id: id } };
        await must(api.PATCH("/api/v1/auth/api-key/{key_id}", { params, body: keyBody(values) }));
      }}
    />
  );
}

interface KeyDialogProps {
  readonly trigger: ReactElement;
  readonly title: string;
  readonly submit: string;
  readonly value?: EditedKey;
  readonly save: (values: FormValues) => Promise<void>;
}

function KeyDialog({ trigger, title, submit, value, save }: KeyDialogProps) {
  const queries = useQueryClient();
  const [open, setOpen] = useDialog(value === undefined ? "new-key" : null);
  const saving = useMutation({
    mutationFn: save,
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  return (
    <FormDialog
      needs="keys:manage"
      trigger={trigger}
      title={title}
      open={open}
      onOpenChange={setOpen}
      submit={submit}
      onSubmit={(values) => saving.mutate(values)}
      error={saving.error}
      busy={saving.isPending}
    >
      <KeyFields {...(value === undefined ? {} : { value })} />
    </FormDialog>
  );
}
