/** Decides which source kinds an installation can use. */
import { SOURCE_KINDS, sourceKindNamed, WEBHOOK_SOURCE } from "./kinds.ts";

export interface SourceKindProblem {
  readonly code: "kind_unknown" | "kind_not_allowed" | "kind_unavailable";
  /** Complete sentences: why sources of the kind cannot be used, and what to do about it. */
  readonly sentence: string;
}

export interface SourceKindRules {
  /** Why this installation cannot read sources of a kind; `null` if it can. */
  problem(kind: string): SourceKindProblem | null;
}

export interface SourceKindRulesOptions {
  /** Names of allowed kinds; `null`: all. Webhooks are always allowed. */
  readonly allowed: ReadonlySet<string> | null;
  /** Kinds that the settings of this server do not allow for, with the reason and what to do about it. */
  readonly unavailable?: Readonly<Record<string, string>>;
  /** npm packages among these that are not installed, as `name@major`. */
  readonly missingPackages?: (packages: readonly string[]) => readonly string[];
}

export function sourceKindRules({
  allowed,
  unavailable = {},
  missingPackages = () => [],
}: SourceKindRulesOptions): SourceKindRules {
  return {
    problem: (name) => {
      if (name === WEBHOOK_SOURCE) return null;
      const kind = sourceKindNamed(name);
      if (kind === null) return { code: "kind_unknown", sentence: unknownSentence(name) };
      if (allowed !== null && !allowed.has(name)) {
        const sentence = `This server does not allow ${kind.title} sources. The operator can add "${name}" to POSTHORN_SOURCE_KINDS.`;
        return { code: "kind_not_allowed", sentence };
      }
      if (Object.hasOwn(unavailable, name)) return { code: "kind_unavailable", sentence: unavailable[name]! };
      const missing = kind.family === "listen" ? missingPackages(kind.packages) : [];
      if (missing.length === 0) return null;
      const sentence = `${kind.title} sources need a package that is not installed. Run "npm i ${missing.join(" ")}" where Posthorn is installed, and restart it.`;
      return { code: "kind_unavailable", sentence };
    },
  };
}

function unknownSentence(name: string): string {
  return `This version of Posthorn has no source kind "${name}". It has: ${Object.keys(SOURCE_KINDS).join(", ")}.`;
}

/** Allows every kind. */
export const ALL_SOURCE_KINDS: SourceKindRules = sourceKindRules({ allowed: null });
