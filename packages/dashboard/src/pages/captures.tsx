/** List of captures: temporary URLs that accept any request, to inspect what a sender sends. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Radar } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Allowed } from "../components/allowed.tsx";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { Time, useTimeFormat } from "../components/time.tsx";
import { captureInput, DEFAULT_RESPONSE, expiryOf, isCapture } from "../lib/capture.ts";
import styles from "./capture.module.css";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import { capturesSearch } from "../lib/page-search.ts";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import { Views } from "../parts/views.tsx";

export function Captures() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/capture" });
  const filter = useSearch({ from: "/operator/capture" });
  const list = useList(["captures", filter], async (page) => {
    const sources = await must(
      api.GET("/ingest/api/v1/source", { params: { query: { ...page, ...filter, order: "descending" } } }),
    );
    return { ...sources, data: sources.data.filter(isCapture) };
  });
  return (
    <ListPage
      title={t("capture.title")}
      lead={t("capture.lead")}
      actions={<Views list="captures" filter={filter} />}
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t(filter.search === undefined ? "capture.none" : "capture.noMatch")}
      columns={[
        {
          key: "name",
          label: t("capture.name"),
          cell: (row) => (
            <Link to="/capture/$source" params={{ source: row.id }}>
              {row.name}
            </Link>
          ),
        },
        { key: "url", label: t("endpoints.url"), wideOnly: true, cell: (row) => <code>{row.ingestUrl}</code> },
        {
          key: "made",
          label: t("applications.created"),
          end: true,
          cell: (row) => <Time at={row.createdAt} relative />,
        },
        timeColumn(t("capture.ends"), "expiresAt"),
      ]}
    >
      <Allowed to="sources:write">
        <CreateCapture />
      </Allowed>
      <ListFilters
        search={{ label: t("capture.search"), value: filter.search }}
        choices={[]}
        onChange={(name, value) =>
          void navigate({ search: capturesSearch(withFilter({ ...filter }, name, value)), replace: true })
        }
      />
    </ListPage>
  );
}

/** Creates a capture with default settings and opens it. */
function CreateCapture() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const moment = useTimeFormat({ dateStyle: "medium", timeStyle: "short" });
  const create = useMutation({
    mutationFn: () => {
      const now = Date.now();
      const name = t("capture.nameOf", { time: moment.format(now) });
      return must(
        api.POST("/ingest/api/v1/source", { body: captureInput(name, expiryOf("day", now), DEFAULT_RESPONSE) }),
      );
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["captures"] });
      await navigate({ to: "/capture/$source", params: { source: id } });
    },
  });
  return (
    <section className={styles["begin"]}>
      <Radar className={styles["radar"]} aria-hidden />
      <div>
        <h2>{t("capture.begin")}</h2>
        <p className="muted">{t("capture.beginText")}</p>
        <FormError error={create.error} />
      </div>
      <Button kind="primary" onClick={() => create.mutate()} disabled={create.isPending}>
        {t("capture.new")}
      </Button>
    </section>
  );
}
