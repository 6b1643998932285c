import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { type FormValues, TextField } from "../components/form.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import type { ColumnSort } from "../components/table.tsx";
import { applicationsSearch } from "../lib/page-search.ts";
import { ExportButton } from "../parts/export-button.tsx";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import { Views } from "../parts/views.tsx";
import { CREATE_APPLICATION } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

export function Applications() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/applications" });
  const filter = useSearch({ from: "/operator/applications" });
  const { sort, order = sort === "name" ? "ascending" : "descending", ...rest } = filter;
  const conditions = { ...rest, ...(sort === undefined ? {} : { sort }) };
  const by = (column: "name" | undefined): ColumnSort => ({
    order: sort === column ? order : null,
    onChange: (next) => {
      const search = applicationsSearch({ ...rest, order: next, ...(column === undefined ? {} : { sort: column }) });
      void navigate({ search, replace: true });
    },
  });
  const list = useList(["applications", filter], (page) =>
    must(api.GET("/api/v1/app", { params: { query: { ...page, ...conditions, order } } })),
  );
  return (
    <ListPage
      title={t("applications.title")}
      lead={t("applications.lead")}
      actions={
        <>
          <Views list="applications" filter={filter} />
          <ExportButton
            name="applications"
            open={(format, signal) =>
              api.GET("/api/v1/export/applications", {
                params: { query: { ...conditions, order, format } },
                parseAs: "stream",
                signal,
              })
            }
          />
          <NewApplication />
        </>
      }
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t(filter.search === undefined ? "applications.none" : "applications.noMatch")}
      emptyAction={filter.search === undefined && <ApiCommand call={CREATE_APPLICATION} />}
      columns={[
        {
          key: "name",
          label: t("applications.name"),
          sort: by("name"),
          cell: (row) => (
            <Link to="/applications/$app" params={{ app: row.id }}>
              {row.name}
            </Link>
          ),
        },
        { key: "uid", label: t("applications.uid"), cell: (row) => <code>{row.uid ?? "–"}</code> },
        {
          key: "id",
          label: t("messages.id"),
          wideOnly: true,
          cell: (row) => <code className="muted">{row.id}</code>,
        },
        timeColumn(t("applications.created"), "createdAt", by(undefined)),
      ]}
    >
      <ListFilters
        search={{ label: t("applications.search"), value: filter.search }}
        choices={[]}
        onChange={(name, value) => void navigate({ search: withFilter({ ...filter }, name, value), replace: true })}
      />
    </ListPage>
  );
}

function NewApplication() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: (body: { name: string; uid?: string }) => must(api.POST("/api/v1/app", { body })),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["applications"] });
      await navigate({ to: "/applications/$app", params: { app: id } });
    },
  });
  const submit = ({ name = "", uid = "" }: FormValues): void => {
    create.mutate({ name, ...(uid.trim() === "" ? {} : { uid: uid.trim() }) });
  };
  return (
    <FormDialog
      needs="applications:write"
      title={t("applications.new")}
      trigger={<AddButton>{t("applications.new")}</AddButton>}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={submit}
      error={create.error}
      busy={create.isPending}
    >
      <TextField name="name" label={t("applications.name")} required autoFocus />
      <TextField name="uid" label={t("applications.uid")} help={t("applications.uidHelp")} />
    </FormDialog>
  );
}
