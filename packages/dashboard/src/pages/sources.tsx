import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Tag } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Form, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { GENERIC } from "../lib/source-form.ts";
import { SecretWarnings } from "../parts/secret-warnings.tsx";
import { AddButton } from "../components/form-dialog.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";

/** List of sources. */
export function Sources() {
  const { t } = useTranslation();
  const list = useList(["sources"], (page) => must(api.GET("/ingest/api/v1/source", { params: { query: page } })));
  return (
    <ListPage
      title={t("sources.title")}
      lead={t("sources.lead")}
      actions={<NewSource />}
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t("sources.none")}
      columns={[
        {
          key: "name",
          label: t("applications.name"),
          cell: (row) => (
            <Link to="/sources/$source" params={{ source: row.id }}>
              {row.name}
            </Link>
          ),
        },
        { key: "type", label: t("sources.provider"), cell: (row) => <Tag>{row.type}</Tag> },
        { key: "uid", label: t("applications.uid"), wideOnly: true, cell: (row) => <code>{row.uid ?? "–"}</code> },
        timeColumn(t("applications.created"), "createdAt"),
      ]}
    />
  );
}

function NewSource() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const types = useQuery({
    queryKey: ["source-types"],
    queryFn: () => must(api.GET("/ingest/api/v1/source-type")),
    enabled: open,
  });
  const show = (source: string) => navigate({ to: "/sources/$source", params: { source } });
  const create = useMutation({
    mutationFn: ({ name = "", type = GENERIC, secret = "" }: FormValues) =>
      must(
        api.POST("/ingest/api/v1/source", {
          body: {
            name,
            type,
            ...(secret.trim() === "" ? {} : { secrets: [secret] }),
            ...(type === GENERIC && secret.trim() === "" ? { allowUnsigned: true } : {}),
          },
        }),
      ),
    onSuccess: async ({ id, warnings = [] }) => {
      await queries.invalidateQueries({ queryKey: ["sources"] });
      // Navigating away would hide the warnings.
      if (warnings.length === 0) await show(id);
    },
  });
  const known = types.data?.data.map(({ type, name }) => ({ value: type, label: name })) ?? [];
  const made = create.data;
  return (
    <Dialog
      trigger={<AddButton>{t("sources.new")}</AddButton>}
      title={t("sources.new")}
      open={open}
      onOpenChange={(next) => {
        if (next) create.reset();
        setOpen(next);
      }}
    >
      {made?.warnings !== undefined ? (
        <>
          <SecretWarnings warnings={made.warnings} />
          <Button kind="primary" onClick={() => void show(made.id)}>
            {t("secretWarnings.open")}
          </Button>
        </>
      ) : (
        <Form
          onSubmit={(values) => create.mutate(values)}
          error={create.error ?? types.error}
          foot={
            <>
              <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
              <Button type="submit" kind="primary" disabled={create.isPending}>
                {t("actions.create")}
              </Button>
            </>
          }
        >
          <TextField
            name="name"
            label={t("applications.name")}
            placeholder="GitHub, main repository"
            required
            autoFocus
          />
          <SelectField
            key={known.length}
            name="type"
            label={t("sources.provider")}
            value={GENERIC}
            choices={
              known.some(({ value }) => value === GENERIC)
                ? known
                : [{ value: GENERIC, label: t("sources.generic") }, ...known]
            }
          />
          <TextField name="secret" type="password" label={t("sources.secret")} help={t("sources.secretHelp")} />
        </Form>
      )}
    </Dialog>
  );
}
