/** Checks the egress settings of endpoints and applications: that the HTTP client can use them, and that the operator allows them. */
import { checkAuth, checkProxy, checkTls, type Egress, EgressConfigError, parseAllowList } from "@posthorn/egress";
import type { RefusedEgress } from "../../domain/application/refused-egress.ts";
import type { EndpointEgress } from "../../domain/endpoint/egress.ts";
import type { DomainRules, EgressProblem, RefusedTarget } from "../../domain/rules.ts";
import type { Logger } from "../../lib/log.ts";

/** The setting that cannot be used, or `null`. The message contains no secret. */
export function egressProblem(
  egress: Pick<Egress, "validateUrl">,
  { auth, tls, proxy }: EndpointEgress,
  allow: string | null,
): EgressProblem | null {
  if (auth?.type === "oauth2") {
    const problem = egress.validateUrl(auth.tokenUrl, allow === null ? undefined : parseAllowList(allow));
    if (problem !== null) return { path: ["auth", "tokenUrl"], message: problem.message };
  }
  return (
    tried(["auth"], () => auth !== undefined && checkAuth(auth)) ??
    tried(["tls"], () => tls !== undefined && checkTls(tls)) ??
    tried(["proxy"], () => proxy !== undefined && checkProxy(proxy))
  );
}

function tried(path: readonly string[], check: () => unknown): EgressProblem | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof EgressConfigError) return { path, message: error.message };
    throw error;
  }
}

/** Finds what the operator does not allow in the address rules and proxies of applications and endpoints. */
export function tenantEgressRules(
  egress: Pick<Egress, "refusedWords" | "proxyProblem">,
): Pick<DomainRules, "refusedWords" | "refusedProxy"> {
  return {
    refusedWords: (words) =>
      egress.refusedWords(parseAllowList(words)).map(({ word, reason }): RefusedTarget => ({ text: word, reason })),
    refusedProxy: (proxy) => {
      const problem = egress.proxyProblem(proxy);
      return problem === null ? null : { text: problem.host, reason: problem.reason };
    },
  };
}

/** Logs a warning for each application and endpoint whose stored rules have no effect. Stops early when `stopped` returns `true`. */
export async function warnOfRefusedEgress(
  refused: AsyncIterable<RefusedEgress>,
  log: Pick<Logger, "warn">,
  stopped: () => boolean,
): Promise<void> {
  for await (const { applicationId, endpointId, words, proxyHost } of refused) {
    if (stopped()) return;
    const facts = {
      applicationId,
      ...(endpointId === null ? {} : { endpointId }),
      ...(words.length === 0 ? {} : { words }),
      ...(proxyHost === null ? {} : { proxyHost }),
      setting: "POSTHORN_EGRESS_TENANT_ALLOW",
    };
    const whose = endpointId === null ? "application" : "endpoint";
    log.warn(facts, `egress rules of an ${whose} exceed what the operator allows and have no effect`);
  }
}
