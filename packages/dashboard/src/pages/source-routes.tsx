import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Form, type FormValues, TextField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { Empty, Failed, Loading } from "../components/state.tsx";
import { namesOf } from "../parts/type-picker.tsx";
import styles from "./source.module.css";

type Graph = components["schemas"]["IngestGraphOut"];
type Node = Graph["nodes"][number];

/** Source → filter → transformation → endpoint, as a picture. */
export function Routes({ source }: { readonly source: string }) {
  const { t } = useTranslation();
  const graph = useQuery({
    queryKey: ["source", source, "graph"],
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/graph", { params: { path: { source_id: source } } })),
  });
  if (graph.error !== null) return <Failed error={graph.error} retry={() => void graph.refetch()} />;
  if (graph.data === undefined) return <Loading lines={3} />;
  const paths = pathsOf(graph.data);
  const root = graph.data.nodes.find(({ kind }) => kind === "source");
  return (
    <Card title={t("routes.title")} lead={t("routes.lead")} actions={<NewRoute source={source} />}>
      {paths.length === 0 ? (
        <Empty>{t("routes.none")}</Empty>
      ) : (
        <div className={styles["graph"]}>
          <div className={styles["node"]}>
            <strong>{root?.name ?? t("sources.one")}</strong>
            <span className="muted">{root?.type}</span>
          </div>
          <ul className={styles["routes"]}>
            {paths.map((nodes, index) => (
              <li key={index} className={styles["route"]}>
                {nodes.map((node, place) => (
                  <Step key={node.id} node={node} first={place === 0} />
                ))}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Card>
  );
}

function Step({ node, first }: { readonly node: Node; readonly first: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      {!first && (
        <span className={styles["arrow"]} aria-hidden>
          →
        </span>
      )}
      <div className={styles["node"]}>
        {node.kind === "endpoint" ? <strong>{node.url}</strong> : <strong>{t(`routes.kinds.${node.kind}`)}</strong>}
        {node.kind === "filter" && <Tags names={node.eventTypes} max={3} none={t("endpoints.allTypes")} />}
        {node.filter !== undefined && node.filter !== null && <code>{JSON.stringify(node.filter)}</code>}
        {node.disabled === true && <Badge tone="warn">{t("endpoints.off")}</Badge>}
      </div>
    </>
  );
}

/** The ways from the source to each endpoint, without the source. */
function pathsOf({ nodes, edges }: Graph): readonly (readonly Node[])[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const before = new Map(edges.map(({ from, to }) => [to, from]));
  return nodes
    .filter(({ kind }) => kind === "endpoint")
    .map((endpoint) => {
      const path: Node[] = [];
      for (let id: string | undefined = endpoint.id; id !== undefined; id = before.get(id)) {
        const node = byId.get(id);
        if (node === undefined || node.kind === "source" || path.includes(node)) break;
        path.unshift(node);
      }
      return path;
    });
}

function NewRoute({ source }: { readonly source: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: ({ url = "", eventTypes }: FormValues) =>
      must(
        api.POST("/ingest/api/v1/source/{source_id}/endpoint", {
          params: { path: { source_id: source } },
          body: { url: url.trim(), eventTypes: namesOf(eventTypes) },
        }),
      ),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["source", source, "graph"] });
    },
  });
  return (
    <Dialog
      trigger={
        <Button small>
          <Plus aria-hidden />
          {t("routes.new")}
        </Button>
      }
      title={t("routes.new")}
      open={open}
      onOpenChange={setOpen}
    >
      <Form
        onSubmit={(values) => create.mutate(values)}
        error={create.error}
        foot={
          <>
            <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
            <Button type="submit" kind="primary" disabled={create.isPending}>
              {t("actions.create")}
            </Button>
          </>
        }
      >
        <TextField name="url" type="url" label={t("endpoints.url")} required autoFocus />
        <TextField name="eventTypes" label={t("endpoints.types")} help={t("endpoints.typesHelp")} />
      </Form>
    </Dialog>
  );
}
