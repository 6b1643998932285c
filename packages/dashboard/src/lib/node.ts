import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";

type NodeState = components["schemas"]["ClusterOut"]["nodes"][number]["state"];

/** Badge tones of the states of a node. */
export const NODE_TONES: Readonly<Record<NodeState, Tone>> = { working: "good", draining: "warn", silent: "bad" };
