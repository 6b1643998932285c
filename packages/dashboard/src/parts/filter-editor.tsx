import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Card, Columns } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { isSource } from "../lib/source.ts";
import { CodeArea } from "./code-area.tsx";
import { RequestSample } from "./request-sample.tsx";
import { SamplePicker } from "./sample-picker.tsx";
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

const REQUEST_EXAMPLE =
  '{\n  "headers": { "x-github-event": "push" },\n  "query": { "from": "shop" },\n  "body": { "ref": "refs/heads/main" }\n}';
const EXAMPLE = '{\n  "body": {\n    "amount": { "$gt": 100 }\n  }\n}';

function FilterEditor({ app, id, filter }: FilterEditorProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [text, setText] = useState(filter === null ? "" : JSON.stringify(filter, null, 2));
  const [message, setMessage] = useState("");
  const path = { app_id: app, endpoint_id: id };
  const parsed = parse(text);
  const save = useMutation({
    mutationFn: () =>
      must(
        api.PUT("/api/v1/app/{app_id}/endpoint/{endpoint_id}/filter", {
          params: { path },
          body: { filter: parsed.value },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["filter", app, id] });
      await queries.invalidateQueries({ queryKey: routesKey(app) });
    },
  });
  const explain = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/filter/explain", {
          params: { path },
          body: { message, ...(parsed.value === null ? {} : { filter: parsed.value }) },
        }),
      ),
  });
  return (
    <Columns>
      <Card title={t("filter.title")} lead={t("filter.lead")}>
        <CodeArea
          label={t("filter.json")}
          help={
            parsed.fault === null
              ? t(isSource(app) ? "filter.helpRequest" : "filter.help")
              : t("filter.fault", { fault: parsed.fault })
          }
          value={text}
          onChange={setText}
          placeholder={isSource(app) ? REQUEST_EXAMPLE : EXAMPLE}
          invalid={parsed.fault !== null}
        />
        <FormError error={save.error} />
        <div className={formStyles["foot"]}>
          {save.isSuccess && <span role="status">{t("actions.saved")}</span>}
          <Button kind="primary" onClick={() => save.mutate()} disabled={save.isPending || parsed.fault !== null}>
            {t("actions.save")}
          </Button>
        </div>
      </Card>
      <Card title={t("tryIt.title")} lead={t("tryIt.lead")}>
        <SamplePicker app={app} value={message} onChange={setMessage} />
        {isSource(app) && message !== "" && <RequestSample source={app} id={message} />}
        <div>
          <Button
            onClick={() => explain.mutate()}
            disabled={message === "" || explain.isPending || parsed.fault !== null}
          >
            {t("tryIt.run")}
          </Button>
        </div>
        <FormError error={explain.error} />
        {explain.data !== undefined && (
          <Note tone={explain.data.matched ? "good" : "warn"}>
            <strong>{t(explain.data.matched ? "tryIt.matches" : "tryIt.matchesNot")}</strong>
            <br />
            {explain.data.message}
            {explain.data.clause !== null && (
              <>
                <br />
                <code>{explain.data.clause}</code>
                {explain.data.found !== null && (
                  <>
                    {" – "}
                    {t("tryIt.found")} <code>{explain.data.found}</code>
                  </>
                )}
              </>
            )}
          </Note>
        )}
      </Card>
    </Columns>
  );
}

interface Parsed {
  readonly value: Record<string, unknown> | null;
  readonly fault: string | null;
}

/** Parses the filter; an empty text means no filter. */
function parse(text: string): Parsed {
  if (text.trim() === "") return { value: null, fault: null };
  try {
    return { value: JSON.parse(text) as Record<string, unknown>, fault: null };
  } catch (error) {
    return { value: null, fault: (error as Error).message };
  }
}
