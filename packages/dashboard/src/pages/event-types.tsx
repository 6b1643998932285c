import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FileJson } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { AreaField, Form, type FormValues, TextField } from "../components/form.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { ExportButton } from "../parts/export-button.tsx";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import { Views } from "../parts/views.tsx";
import { CREATE_EVENT_TYPE } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

export function EventTypes() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/event-types" });
  const filter = useSearch({ from: "/operator/event-types" });
  const { search, state, order = "ascending" } = filter;
  const query = { order, include_archived: state === undefined, ...(search === undefined ? {} : { search }) };
  const list = useList(["event-types", filter], (page) =>
    must(api.GET("/api/v1/event-type", { params: { query: { ...page, ...query } } })),
  );
  return (
    <ListPage
      title={t("eventTypes.title")}
      lead={t("eventTypes.lead")}
      actions={
        <>
          <Views list="event-types" filter={filter} />
          <ExportButton
            name="event-types"
            open={(format, signal) =>
              api.GET("/api/v1/export/event-types", {
                params: { query: { ...query, format } },
                parseAs: "stream",
                signal,
              })
            }
          />
          <ImportOpenApi />
          <NewEventType />
        </>
      }
      list={list}
      rowKey={(row) => row.name}
      linked
      empty={t(search === undefined && state === undefined ? "eventTypes.none" : "eventTypes.noMatch")}
      emptyAction={search === undefined && state === undefined && <ApiCommand call={CREATE_EVENT_TYPE} />}
      columns={[
        {
          key: "name",
          label: t("eventTypes.name"),
          sort: { order, onChange: (next) => void navigate({ search: { ...filter, order: next }, replace: true }) },
          cell: (row) => (
            <Link to="/event-types/$name" params={{ name: row.name }}>
              {row.name}
            </Link>
          ),
        },
        { key: "description", label: t("eventTypes.description"), cell: (row) => row.description || "–" },
        { key: "group", label: t("eventTypes.group"), cell: (row) => row.groupName ?? "–", wideOnly: true },
        {
          key: "state",
          label: t("endpoints.state"),
          tight: true,
          cell: (row) =>
            row.archived ? (
              <Badge>{t("eventTypes.archived")}</Badge>
            ) : (
              <Badge tone="good">{t("eventTypes.active")}</Badge>
            ),
        },
        timeColumn(t("eventTypes.updated"), "updatedAt"),
      ]}
    >
      <ListFilters
        search={{ label: t("eventTypes.search"), value: search }}
        choices={[
          {
            name: "state",
            label: t("endpoints.state"),
            value: state,
            choices: [
              { value: "", label: t("eventTypes.anyState") },
              { value: "active", label: t("eventTypes.onlyActive") },
            ],
          },
        ]}
        onChange={(name, value) => void navigate({ search: withFilter({ ...filter }, name, value), replace: true })}
      />
    </ListPage>
  );
}

function NewEventType() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useDialog("new-event-type");
  const create = useMutation({
    mutationFn: ({ name = "", description = "" }: FormValues) =>
      must(api.POST("/api/v1/event-type", { body: { name: name.trim(), description } })),
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: ["event-types"] });
      await navigate({ to: "/event-types/$name", params: { name } });
    },
  });
  return (
    <FormDialog
      needs="event-types:write"
      trigger={<AddButton>{t("eventTypes.new")}</AddButton>}
      title={t("eventTypes.new")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={(values) => create.mutate(values)}
      error={create.error}
      busy={create.isPending}
    >
      <TextField name="name" label={t("eventTypes.name")} placeholder="invoice.paid" required autoFocus />
      <TextField name="description" label={t("eventTypes.description")} required />
    </FormDialog>
  );
}

/** Imports event types from the webhooks of an OpenAPI document, after a preview of the changes. */
function ImportOpenApi() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const run = useMutation({
    mutationFn: ({ specRaw = "", dryRun }: { readonly specRaw?: string; readonly dryRun: boolean }) =>
      must(api.POST("/api/v1/event-type/import/openapi", { body: { specRaw, dryRun, replaceAll: false } })),
    onSuccess: async (_done, { dryRun }) => {
      if (dryRun) return;
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["event-types"] });
    },
  });
  const planned = run.data?.data.to_modify ?? null;
  const [spec, setSpec] = useState("");
  return (
    <Dialog
      needs="event-types:write"
      wide
      trigger={
        <Button>
          <FileJson aria-hidden />
          {t("eventTypes.import")}
        </Button>
      }
      title={t("eventTypes.import")}
      open={open}
      onOpenChange={setOpen}
    >
      <Form
        onSubmit={({ specRaw = "" }) => {
          setSpec(specRaw);
          run.mutate({ specRaw, dryRun: true });
        }}
        error={run.error}
        foot={
          <>
            <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
            <Button type="submit" disabled={run.isPending}>
              {t("eventTypes.importCheck")}
            </Button>
            <Button
              kind="primary"
              disabled={planned === null || run.isPending}
              onClick={() => run.mutate({ specRaw: spec, dryRun: false })}
            >
              {t("eventTypes.importRun")}
            </Button>
          </>
        }
      >
        <AreaField name="specRaw" label={t("eventTypes.importText")} rows={12} required />
        {planned !== null && (
          <p role="status">
            {t("eventTypes.importPlan", { count: planned.length })} {planned.map(({ name }) => name).join(", ")}
          </p>
        )}
      </Form>
    </Dialog>
  );
}
