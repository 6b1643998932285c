/** Checks the address rules and proxies of applications and endpoints against what the operator allows. */
import { type Egress, parseAllowList } from "@posthorn/egress";
import type { DomainRules, RefusedTarget } from "../../domain/ports.ts";
import type { RefusedEgress } from "../../domain/application/refused-egress.ts";
import type { Logger } from "../../lib/log.ts";

export function tenantEgressRules(
  egress: Pick<Egress, "refusedWords" | "proxyTrouble">,
): Pick<DomainRules, "refusedWords" | "refusedProxy"> {
  return {
    refusedWords: (words) =>
      egress.refusedWords(parseAllowList(words)).map(({ word, reason }): RefusedTarget => ({ text: word, reason })),
    refusedProxy: (proxy) => {
      const trouble = egress.proxyTrouble(proxy);
      return trouble === null ? null : { text: trouble.host, reason: trouble.reason };
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
    log.warn(facts, `egress rules of an ${whose} go beyond what the operator allows and have no effect`);
  }
}
