/** Builds the limits and checks of this server that the domain applies. */
import { type Egress, parseAllowList } from "@posthorn/egress";
import type { Config } from "../config/config.ts";
import { missingOf } from "../destinations/connections/installed.ts";
import { egressProblem, tenantEgressRules } from "../destinations/http/egress-settings.ts";
import type { KindRules } from "../destinations/kind-rules.ts";
import type { PlatformDefaults } from "../domain/policy/section.ts";
import type { DomainRules } from "../domain/rules.ts";
import { addressProblem } from "../ingest/addresses.ts";
import { sourceKindRules } from "../sources/kind-rules.ts";
import { MAIL_SOURCE, TABLE_SOURCE } from "../sources/kinds.ts";
import { portalLookOf, retentionOf } from "./parts.ts";

export interface RulesOptions {
  readonly config: Config;
  readonly egress: Egress;
  readonly policyDefaults: PlatformDefaults;
  readonly kinds: KindRules;
  /** URL at which the API listens; empty until it does. */
  readonly listensAt: () => string;
}

export function rulesOf({ config, egress, policyDefaults, kinds, listensAt }: RulesOptions): DomainRules {
  return {
    kinds,
    sourceKinds: sourceKindRules({
      allowed: config.sourceKinds,
      unavailable: { [TABLE_SOURCE]: NO_TABLE, ...(config.smtpDomain === "" ? { [MAIL_SOURCE]: NO_MAIL } : {}) },
      missingPackages: missingOf,
    }),
    sourceQuota: config.sourceQuota,
    maxPayloadBytes: config.maxPayloadBytes,
    maxInboundBytes: config.maxInboundBytes,
    normaliseUrl: (url, allow) => normaliseUrl(egress, url, allow),
    normaliseAllow: (words) => parseAllowList(words).text,
    ...tenantEgressRules(egress),
    egressProblem: (settings, allow) => egressProblem(egress, settings, allow),
    policyDefaults,
    addressProblem,
    retention: retentionOf(config),
    watches: { max: config.maxWatches, maxKeys: config.maxWatchKeys },
    environment: config.environment,
    portalLook: portalLookOf(config),
    portalDocs: config.portalDocs || null,
    connectedClients: { registration: config.mcp === "off" ? "off" : config.mcpOauth, write: config.mcp === "write" },
    publicUrl: () => config.publicUrl || listensAt(),
    ingestUrl: () => config.ingestUrl || config.publicUrl || listensAt(),
    mailDomain: config.smtpDomain,
    traceUrl: config.traceUrl,
    listenTokens: config.listenTokens,
    separateIngest: config.ingestUrl !== "",
  };
}

const NO_MAIL = "This server receives no emails. The operator can set POSTHORN_SMTP_LISTEN and POSTHORN_SMTP_DOMAIN.";

const NO_TABLE =
  "Table sources are added by the operator with `posthorn tables add`, because their definition contains SQL.";

function normaliseUrl(egress: Egress, text: string, allow: string | null): string {
  const problem = egress.validateUrl(text, allow === null ? undefined : parseAllowList(allow));
  if (problem !== null) throw new Error(problem.message);
  return new URL(text).href;
}
