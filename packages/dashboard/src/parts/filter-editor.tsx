import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ApiError, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Card, Columns } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { draftOf, type FilterDraft, filterOf, isFilterComplete, newGroup, newRow } from "../lib/filter-draft.ts";
import type { CodeFault } from "../editor/problems.ts";
import { isSource } from "../lib/source.ts";
import { FilterDryRun } from "./filter-dry-run.tsx";
import { FilterFields } from "./filter-fields.tsx";
import { RequestSample } from "./request-sample.tsx";
import { SamplePicker } from "./sample-picker.tsx";
import { useFilterPaths } from "./use-filter-paths.ts";
import { UnsavedChanges } from "./unsaved-changes.tsx";
import { routesKey } from "./use-routes.ts";

interface Ref {
  readonly app: string;
  readonly id: string;
}

/** Filter of an endpoint, with a form to test it on a past message. */
export function FilterCard({ app, id }: Ref) {
  const path = { app_id: app, endpoint_id: id };
  const filter = useQuery({
    queryKey: ["filter", app, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/filter", { params: { path } })),
  });
  if (filter.error !== null) return <Failed error={filter.error} retry={() => void filter.refetch()} />;
  if (filter.data === undefined) return <Loading />;
  return <FilterEditor app={app} id={id} filter={filter.data.filter ?? null} />;
}

interface FilterEditorProps extends Ref {
  readonly filter: unknown;
}

function FilterEditor({ app, id, filter }: FilterEditorProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<FilterDraft | null>(filter === null ? null : draftOf(filter));
  const suggestions = useFilterPaths(app, NO_TYPES, isSource(app) ? REQUEST_PATHS : MESSAGE_PATHS);
  const path = { app_id: app, endpoint_id: id };
  const { value, isComplete, errors } = parsed(draft, (fault) => t("filter.fault", { fault }));
  // As the form writes it, which can differ from the text that was saved.
  const unchanged = useMemo(() => JSON.stringify(filter === null ? null : filterOf(draftOf(filter))), [filter]);
  const save = useMutation({
    mutationFn: () =>
      must(
        api.PUT("/api/v1/app/{app_id}/endpoint/{endpoint_id}/filter", {
          params: { path },
          body: { filter: value },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["filter", app, id] });
      await queries.invalidateQueries({ queryKey: routesKey(app) });
    },
  });
  return (
    <>
      <Columns>
        <Card title={t("filter.title")} lead={t("filter.lead")}>
          {draft === null ? (
            <>
              <p>{t("filter.none")}</p>
              <div>
                <Button onClick={() => setDraft({ mode: "form", group: newGroup("all", [newRow({ path: "body." })]) })}>
                  {t("filter.add")}
                </Button>
              </div>
            </>
          ) : (
            <>
              <FilterFields
                draft={draft}
                onChange={(changed) => {
                  setDraft(changed);
                  // The errors refer to the previous filter.
                  save.reset();
                }}
                suggestions={suggestions}
                errors={errors}
                faults={filterFaults(save.error)}
              />
              <div>
                <Button onClick={() => setDraft(null)}>{t("filter.remove")}</Button>
              </div>
            </>
          )}
          <FormError error={save.error} />
          <div className={formStyles["foot"]}>
            {save.isSuccess && <span role="status">{t("actions.saved")}</span>}
            <Button
              needs="endpoints:write"
              kind="primary"
              onClick={() => save.mutate()}
              disabled={save.isPending || !isComplete}
            >
              {t("actions.save")}
            </Button>
          </div>
        </Card>
        <UnsavedChanges when={JSON.stringify(value) !== unchanged && !save.isPending} />
        <TryFilter app={app} id={id} value={value} isComplete={isComplete} />
      </Columns>
      <FilterDryRun app={app} id={id} filter={value} isComplete={isComplete} />
    </>
  );
}

interface TryFilterProps extends Ref {
  readonly value: Record<string, unknown> | null;
  readonly isComplete: boolean;
}

/** Tests the filter as it is in the form, on a past message. */
function TryFilter({ app, id, value, isComplete }: TryFilterProps) {
  const { t } = useTranslation();
  const [message, setMessage] = useState("");
  const path = { app_id: app, endpoint_id: id };
  const explain = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/filter/explain", {
          params: { path },
          body: { message, ...(value === null ? {} : { filter: value }) },
        }),
      ),
  });
  return (
    <Card title={t("tryIt.filter")} lead={t("tryIt.lead")}>
      <SamplePicker app={app} value={message} onChange={setMessage} />
      {isSource(app) && message !== "" && <RequestSample source={app} id={message} />}
      <div>
        <Button
          needs="payloads:read"
          onClick={() => explain.mutate()}
          disabled={message === "" || explain.isPending || !isComplete}
        >
          {t("tryIt.run")}
        </Button>
      </div>
      <FormError error={explain.error} />
      {explain.data !== undefined && <Explained result={explain.data} />}
    </Card>
  );
}

function Explained({ result }: { readonly result: components["schemas"]["FilterExplanationOut"] }) {
  const { t } = useTranslation();
  const { matched, message, clause, found } = result;
  return (
    <Note tone={matched ? "good" : "warn"}>
      <strong>{t(matched ? "tryIt.matches" : "tryIt.matchesNot")}</strong>
      <br />
      {message}
      {clause !== null && (
        <>
          <br />
          <code>{clause}</code>
          {found !== null && (
            <>
              {" – "}
              {t("tryIt.found")} <code>{found}</code>
            </>
          )}
        </>
      )}
    </Note>
  );
}

/** Errors in clauses, with the path that the server names. */
function filterFaults(error: Error | null): readonly CodeFault[] {
  const faults = error instanceof ApiError ? error.faults : [];
  return faults.flatMap(({ loc, msg }) =>
    loc[1] === "filter" ? [{ message: msg, ...(loc[2] === undefined ? {} : { path: loc[2] }) }] : [],
  );
}

const NO_TYPES: readonly string[] = [];
/** Names beside the payload that a filter can compare. */
const MESSAGE_PATHS = ["eventType", "eventId", "id", "time", "channels", "tags"];
const REQUEST_PATHS = [...MESSAGE_PATHS, "headers.content-type", "query.", "path", "method"];

interface Parsed {
  readonly value: Record<string, unknown> | null;
  /** Whether it can be saved and tested. */
  readonly isComplete: boolean;
  readonly errors: readonly string[];
}

/** The filter of a draft; an empty text means no filter. */
function parsed(draft: FilterDraft | null, faultText: (fault: string) => string): Parsed {
  if (draft === null || (draft.mode === "json" && draft.text.trim() === "")) {
    return { value: null, isComplete: true, errors: [] };
  }
  try {
    if (draft.mode === "json") JSON.parse(draft.text);
  } catch (error) {
    return { value: null, isComplete: false, errors: [faultText((error as Error).message)] };
  }
  return { value: filterOf(draft) as Record<string, unknown>, isComplete: isFilterComplete(draft), errors: [] };
}
