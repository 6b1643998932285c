import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";

type NodeState = components["schemas"]["ClusterOut"]["nodes"][number]["state"];

/** Of a node that shares the database with others. */
export const NODE_TONES: Readonly<Record<NodeState, Tone>> = { working: "good", draining: "warn", silent: "bad" };
