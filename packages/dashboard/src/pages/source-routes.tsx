/** Diagram of the routes of a source, with an editor for the selected route. */
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Url } from "../components/url.tsx";
import { Badge, Tags } from "../components/badge.tsx";
import { Card } from "../components/page.tsx";
import { Empty, Failed, Loading, Note } from "../components/state.tsx";
import { NewRoute } from "../parts/new-route.tsx";
import { RouteEditor } from "../parts/route-editor.tsx";
import { type RouteGraph, useRoutes } from "../parts/use-routes.ts";
import styles from "./source.module.css";

type Node = RouteGraph["nodes"][number];

export interface RoutesProps {
  readonly source: string;
  /** ID of the endpoint of the selected route. */
  readonly chosen?: string | undefined;
}

/** The diagram with the editor of the selected route. */
export function RoutesTab({ source, chosen }: RoutesProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/sources/$source" });
  const graph = useRoutes(source);
  const known = graph.data?.nodes.some(({ id }) => id === chosen) ?? false;
  return (
    <div className={styles["beside"]}>
      <div className={styles["picture"]}>
        <Routes source={source} chosen={chosen} />
      </div>
      {chosen !== undefined && known ? (
        <RouteEditor
          key={chosen}
          source={source}
          endpoint={chosen}
          onDeleted={() => void navigate({ search: { tab: "routes" } })}
        />
      ) : (
        graph.data !== undefined && graph.data.nodes.length > 1 && <Empty>{t("routes.choose")}</Empty>
      )}
    </div>
  );
}

/** Diagram of source → filter → transformation → endpoint. */
export function Routes({ source, chosen }: RoutesProps) {
  const { t } = useTranslation();
  const graph = useRoutes(source);
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
            {paths.map((nodes) => (
              <Route key={nodes.at(-1)!.id} source={source} nodes={nodes} chosen={chosen} />
            ))}
          </ul>
        </div>
      )}
      {graph.data.cut && <Note>{t("routes.cut")}</Note>}
    </Card>
  );
}

function Route({ source, nodes, chosen }: RoutesProps & { readonly nodes: readonly Node[] }) {
  const endpoint = nodes.at(-1)!;
  return (
    <li className={styles["route"]}>
      <Link
        to="/sources/$source"
        params={{ source }}
        search={{ tab: "routes", route: endpoint.id }}
        resetScroll={false}
        className={styles["way"]}
        aria-current={endpoint.id === chosen ? "true" : undefined}
      >
        {nodes.map((node, place) => (
          <Step key={node.id} node={node} first={place === 0} />
        ))}
      </Link>
    </li>
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
      <span className={styles["node"]}>
        {node.kind === "endpoint" ? (
          <strong title={node.url}>
            <Url url={node.url ?? ""} />
          </strong>
        ) : (
          <strong>{t(`routes.kinds.${node.kind}`)}</strong>
        )}
        {node.kind === "filter" && <Tags names={node.eventTypes} max={3} none={t("endpoints.allTypes")} />}
        {node.filter !== undefined && node.filter !== null && <code>{JSON.stringify(node.filter)}</code>}
        {node.disabled === true && <Badge tone="warn">{t("endpoints.disabled")}</Badge>}
      </span>
    </>
  );
}

/** Paths from the source to each endpoint, without the source itself. */
function pathsOf({ nodes, edges }: RouteGraph): readonly (readonly Node[])[] {
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
