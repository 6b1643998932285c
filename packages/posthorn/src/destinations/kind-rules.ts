/** Decides which destination kinds an installation can use. */
import { DESTINATION_KINDS, kindNamed, WEBHOOK_KIND } from "./kinds.ts";

export interface KindProblem {
  readonly code: "kind_unknown" | "kind_not_allowed" | "kind_unavailable";
  /** Complete sentences: why endpoints of the kind cannot be used, and how to change that. */
  readonly sentence: string;
}

export interface KindRules {
  /**
   * Why this installation does not send to an endpoint of a kind; `null` if it does.
   *
   * @param endpointId Key of the endpoint; absent: whether it sends to the kind at all.
   */
  problem(kind: string, endpointId?: number): KindProblem | null;
  /** As `problem`, for this node, even if other nodes can. */
  problemHere(kind: string): KindProblem | null;
}

export interface KindRulesOptions {
  /** Names of allowed kinds; `null`: all. Webhooks are always allowed. */
  readonly allowed: ReadonlySet<string> | null;
  /** npm packages of a kind that are not installed. */
  readonly missingPackages?: (kind: string) => readonly string[];
  /** Whether a node of the cluster sends to an endpoint, or with `null` to a kind; `null`: unknown, or this node is the only one. */
  readonly isSentTo?: (kind: string, endpointId: number | null) => boolean | null;
}

export function kindRules({ allowed, missingPackages = () => [], isSentTo = () => null }: KindRulesOptions): KindRules {
  const problemHere = (name: string): KindProblem | null => {
    if (name === WEBHOOK_KIND) return null;
    const kind = kindNamed(name);
    if (kind === null) return { code: "kind_unknown", sentence: unknownSentence(name) };
    if (allowed !== null && !allowed.has(name)) {
      const sentence = `This server does not allow ${kind.title} destinations. The operator can add "${name}" to POSTHORN_DESTINATIONS.`;
      return { code: "kind_not_allowed", sentence };
    }
    const missing = missingPackages(name);
    if (missing.length === 0) return null;
    const sentence = `${kind.title} destinations need a package that is not installed. Run "npm i ${missing.join(" ")}" where Posthorn is installed, and restart it.`;
    return { code: "kind_unavailable", sentence };
  };
  return {
    problemHere,
    problem: (name, endpointId) => {
      const here = problemHere(name);
      if (name === WEBHOOK_KIND || (here !== null && here.code !== "kind_unavailable")) return here;
      const isSent = isSentTo(name, endpointId ?? null);
      if (isSent === null) return here;
      return isSent ? null : (here ?? unavailableElsewhere(name));
    },
  };
}

/** The node of an endpoint lacks a package that this node has. */
function unavailableElsewhere(name: string): KindProblem {
  const sentence = `The node of the cluster that sends to this endpoint lacks a package for ${kindNamed(name)?.title ?? name} destinations. Install the same packages on all nodes, and restart them. "posthorn connectors" lists the packages.`;
  return { code: "kind_unavailable", sentence };
}

function unknownSentence(name: string): string {
  return `This server has no destination kind "${name}". It has: ${Object.keys(DESTINATION_KINDS).join(", ")}.`;
}

/** Allows every kind. */
export const ALL_KINDS: KindRules = kindRules({ allowed: null });
