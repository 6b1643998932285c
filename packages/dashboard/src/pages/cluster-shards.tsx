import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";
import { Card } from "../components/page.tsx";
import { formatNumber } from "../lib/format.ts";
import { NODE_TONES } from "../lib/node.ts";
import styles from "./cluster.module.css";

type Cluster = components["schemas"]["ClusterOut"];

/** Shards by owner: a row of marks for each node, and one for shards without an owner. */
export function ShardDistribution({ nodes, shards }: Pick<Cluster, "nodes" | "shards">) {
  const { t } = useTranslation();
  const isUnowned = shards.some(({ node }) => node === null);
  return (
    <Card title={t("cluster.spread")} lead={t("cluster.spreadLead")}>
      <ul className={styles["spread"]}>
        {nodes.map(({ id, state }) => (
          <ShardRow key={id} name={t("cluster.node", { id })} tone={NODE_TONES[state]} owner={id} shards={shards} />
        ))}
        {isUnowned && <ShardRow name={t("cluster.noOwner")} tone="bad" owner={null} shards={shards} />}
      </ul>
    </Card>
  );
}

interface ShareProps {
  readonly name: string;
  readonly tone: Tone;
  /** ID of the node whose shards are marked; `null` for shards without an owner. */
  readonly owner: number | null;
  readonly shards: Cluster["shards"];
}

/** The marks are hidden from screen readers; the number next to them has the same information. */
function ShardRow({ name, tone, owner, shards }: ShareProps) {
  const { t, i18n } = useTranslation();
  const number = (value: number): string => formatNumber(i18n.language, value);
  const owned = shards.filter(({ node }) => node === owner).length;
  return (
    <li className={styles["row"]}>
      <span>{name}</span>
      <span className={styles["marks"]} aria-hidden>
        {shards.map(({ shard, node }) => (
          <span
            key={shard}
            className={styles["mark"]}
            data-tone={node === owner ? tone : undefined}
            title={`${shard}`}
          />
        ))}
      </span>
      <span className={styles["share"]}>
        {t("cluster.share", { value: number(owned), all: number(shards.length) })}
      </span>
    </li>
  );
}
