/** Constructs parts of a node, and their options, from the settings. */
import { Egress, type EgressOptions, parseAllowList, parseDenyList, parseNoProxy } from "@posthorn/egress";
import type { Config } from "../config/config.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { PlatformDefaults } from "../domain/policy/section.ts";
import type { PortalLook } from "../domain/portal/look.ts";
import type { RetentionPeriods } from "../domain/retention/retention.ts";
import type { Logger } from "../lib/log.ts";
import { DELIVERY_USER_AGENT } from "../destinations/http/request.ts";
import type { Store } from "../store/store.ts";
import { TransformPool } from "../transform/pool.ts";

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export function policyDefaultsOf(config: Config): PlatformDefaults {
  const { retrySchedule, requestTimeoutMs, maxRequestTimeoutMs, endpointConcurrency } = config;
  const autoDisableAfterMs = config.autoDisableHours * HOUR_MS;
  return {
    retrySchedule,
    requestTimeoutMs,
    maxRequestTimeoutMs,
    endpointConcurrency,
    autoDisableAfterMs,
    verification: config.endpointVerification,
    signatureStyle: config.signatureStyle,
    signatureHeader: config.signatureHeader,
    customerAlerts: config.customerAlerts,
  };
}

/** Maximum attempts in flight to one host, which the endpoints of many customers may share. */
const HOST_CONCURRENCY = 128;

/** Limit of one thread: the endpoints of a host are spread over all threads. */
function hostConcurrencyOf({ endpointConcurrency, threads }: Config): number {
  const share = threads === "auto" ? HOST_CONCURRENCY : Math.ceil(HOST_CONCURRENCY / threads);
  return Math.max(share, endpointConcurrency);
}

/** Limits on attempts in flight. */
export function attemptLimitsOf(config: Config): { readonly concurrency: number; readonly hostConcurrency: number } {
  return { concurrency: config.concurrency, hostConcurrency: hostConcurrencyOf(config) };
}

/** Allows a socket for each attempt that may be in flight, because waiting for one would count against its timeout, and for idle sockets. */
function socketLimitsOf(config: Config): { readonly maxSockets: number; readonly maxSocketsPerOrigin: number } {
  return { maxSockets: 2 * config.concurrency, maxSocketsPerOrigin: hostConcurrencyOf(config) };
}

/** Applies another share of the limits of the process to a running node. */
export function applyShare(
  share: Config,
  {
    dispatcher,
    egress,
    transforms,
    store,
  }: {
    readonly dispatcher: Pick<Dispatcher, "limit">;
    readonly egress: Pick<Egress, "limitSockets">;
    readonly transforms: Pick<TransformPool, "limit">;
    readonly store: Pick<Store, "limitConnections">;
  },
): void {
  dispatcher.limit(attemptLimitsOf(share));
  egress.limitSockets(socketLimitsOf(share));
  transforms.limit(share.transformThreads);
  if (share.database.kind === "postgres") store.limitConnections?.(share.database.connections);
}

export function egressOf(
  config: Config,
  more: EgressOptions = {},
  create: (options: EgressOptions) => Egress = (options) => new Egress(options),
): Egress {
  return create({
    allow: parseAllowList(config.egressAllow),
    tenantAllow: parseAllowList(config.egressTenantAllow),
    deny: parseDenyList(config.egressDeny),
    httpsOnly: config.httpsOnly,
    ...(config.egressProxy === "" ? {} : { proxy: { url: config.egressProxy } }),
    noProxy: parseNoProxy(config.egressNoProxy),
    client: config.egressClient,
    ...socketLimitsOf(config),
    ...more,
  });
}

export function retentionOf({
  payloadRetentionDays,
  attemptRetentionDays,
  failureRetentionDays,
}: Config): RetentionPeriods {
  return {
    payloadMs: payloadRetentionDays * DAY_MS,
    attemptMs: attemptRetentionDays * DAY_MS,
    failureMs: failureRetentionDays * DAY_MS,
  };
}

export function portalLookOf({ portalName, portalLogo, portalColour, portalFont }: Config): PortalLook {
  return { name: portalName || null, logo: portalLogo || null, colour: portalColour || null, font: portalFont || null };
}

/** Minimum memory limit of a transformation. */
const TRANSFORM_MEMORY_BYTES = 64 * 1024 * 1024;
/** Minimum size limit of a payload returned by a transformation. */
const TRANSFORM_OUTPUT_BYTES = 4 * 1024 * 1024;

export function transformPoolOf(
  { transformThreads, transformCpuMs, maxPayloadBytes }: Config,
  log: Logger,
): TransformPool {
  return new TransformPool({
    threads: transformThreads,
    cpuMs: transformCpuMs,
    // CPU time excludes waiting for a processor, so the limit in wall-clock time is ten times as long.
    killMs: Math.max(10_000, 10 * transformCpuMs),
    memoryBytes: Math.max(TRANSFORM_MEMORY_BYTES, 16 * maxPayloadBytes),
    outputBytes: Math.max(TRANSFORM_OUTPUT_BYTES, maxPayloadBytes),
    maxQueued: 5000,
    maxQueuedBytes: 64 * 1024 * 1024,
    onError: (error) => log.error({ err: error }, "a transformation thread ended; it is being replaced"),
  });
}

/** User agent of requests to receivers. */
export function userAgentOf({ userAgent }: Pick<Config, "userAgent">): string {
  return userAgent === "" ? DELIVERY_USER_AGENT : userAgent;
}
