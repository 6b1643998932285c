import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { type FormValues, TextField } from "../components/form.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import type { ColumnSort } from "../components/sort-select.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { applicationsSearch } from "../lib/page-search.ts";
import { ExportButton } from "../parts/export-button.tsx";
import { applicationColumns, healthChoice, useFigures } from "../parts/figures.tsx";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import nameStyles from "../parts/message-list.module.css";
import { Views } from "../parts/views.tsx";
import { CREATE_APPLICATION } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

export function Applications() {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: "/applications" });
  const filter = useSearch({ from: "/operator/applications" });
  const { sort, order = sort === "name" ? "ascending" : "descending", ...rest } = filter;
  const { endpoints, ...conditions } = {
    ...rest,
    ...(sort === undefined ? {} : { sort }),
    ...(rest.endpoints === undefined ? {} : { exclude_apps_with_no_endpoints: true }),
  };
  const isFiltered = rest.search !== undefined || rest.health !== undefined || endpoints !== undefined;
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
  const figures = useFigures(useMemo(() => list.rows.map(({ id }) => id), [list.rows]));
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
      empty={t(isFiltered ? "applications.noMatch" : "applications.none")}
      emptyAction={!isFiltered && <ApiCommand call={CREATE_APPLICATION} />}
      columns={[
        {
          key: "name",
          label: t("applications.name"),
          sort: by("name"),
          cell: (row) => (
            <span className={nameStyles["name"]}>
              <Link to="/applications/$app" params={{ app: row.id }}>
                {row.name}
              </Link>
              <code className={nameStyles["id"]}>{row.uid ?? row.id}</code>
            </span>
          ),
        },
        ...applicationColumns(figures, t, i18n.language),
        timeColumn(t("applications.created"), "createdAt", by(undefined)),
      ]}
    >
      <ListFilters
        search={{ label: t("applications.search"), value: filter.search }}
        choices={[
          healthChoice(filter.health, t),
          {
            name: "endpoints",
            label: t("endpoints.title"),
            value: filter.endpoints,
            choices: [
              { value: "", label: t("endpointList.anyEndpoints") },
              { value: "some", label: t("endpointList.withEndpoints.some") },
            ],
          },
        ]}
        onChange={(name, value) =>
          void navigate({ search: applicationsSearch(withFilter({ ...filter }, name, value)), replace: true })
        }
      />
    </ListPage>
  );
}

function NewApplication() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useDialog("new-application");
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
