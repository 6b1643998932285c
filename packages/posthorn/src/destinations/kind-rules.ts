/** Decides which destination kinds an installation can use. */
import { DESTINATION_KINDS, kindNamed, WEBHOOK_KIND } from "./kinds.ts";

export interface KindProblem {
  readonly code: "kind_unknown" | "kind_not_allowed" | "kind_unavailable";
  /** Complete sentences: why endpoints of the kind cannot be used, and how to change that. */
  readonly sentence: string;
}

export interface KindRules {
  /** Why this installation cannot send to endpoints of a kind; `null`: it can. */
  problem(kind: string): KindProblem | null;
  /** As `problem`, for this node, even if other nodes can. */
  problemHere(kind: string): KindProblem | null;
}

export interface KindRulesOptions {
  /** Names of allowed kinds; `null`: all. Webhooks are always allowed. */
  readonly allowed: ReadonlySet<string> | null;
  /** npm packages of a kind that are not installed. */
  readonly missingPackages?: (kind: string) => readonly string[];
  /** Whether another node has the packages of a kind, and sends to its endpoints. */
  readonly isSentElsewhere?: (kind: string) => boolean;
}

export function kindRules({
  allowed,
  missingPackages = () => [],
  isSentElsewhere = () => false,
}: KindRulesOptions): KindRules {
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
    problem: (name) => {
      const problem = problemHere(name);
      return problem?.code === "kind_unavailable" && isSentElsewhere(name) ? null : problem;
    },
  };
}

function unknownSentence(name: string): string {
  return `This version of Posthorn has no destination kind "${name}". It has: ${Object.keys(DESTINATION_KINDS).join(", ")}.`;
}

/** Allows every kind. */
export const ALL_KINDS: KindRules = kindRules({ allowed: null });
