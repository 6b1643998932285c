/** Shared tools for tests of whole processes: the server as a child process, receivers, tokens, names, and waiting. */
export { COMPILE_CACHE } from "./compile-cache.ts";
export { eventually, type EventuallyOptions } from "./eventually.ts";
export { eventTypeName, organisationId, randomId, uid } from "./factories.ts";
export { freePort } from "./free-port.ts";
export { goModule } from "./go-module.ts";
export { type OtlpCollector, type OtlpMetric, type OtlpSpan, startCollector } from "./otlp-collector.ts";
export {
  createDatabase,
  type PostgresOptions,
  startPostgres,
  startStandby,
  type TestDatabase,
  type TestPostgres,
} from "./postgres.ts";
export { isNightly } from "./nightly.ts";
export { startPgBouncer, type TestPgBouncer } from "./pgbouncer.ts";
export { sharedPostgres, throughSharedPooler } from "./postgres-on-demand.ts";
export {
  type ReceiverResponse,
  type ReceiverBehaviour,
  type Received,
  type Receiver,
  type ReceiverOptions,
  startReceiver,
} from "./receiver.ts";
export {
  DEFAULT_ORGANISATION,
  onPostgres,
  type ServerOptions,
  SEVERAL_ORGANISATIONS,
  startServer,
  type TestServer,
} from "./server.ts";
export type { Exit } from "./server-process.ts";
export { builtProgramArguments, programArguments, SERVER_BUNDLE } from "./server-program.ts";
export { type GitHubStandIn, primaryLimit, secondaryLimit, startGitHub } from "./providers/github.ts";
export { startStripe, stripeRateLimit, type StripeStandIn } from "./providers/stripe.ts";
export { caddy, nginx, php, promtool, ruby } from "./unpacked.ts";
export { installPackage } from "./system.ts";
export { startTcpProxy, type TcpProxy, type ProxyState } from "./tcp-proxy.ts";
export { startWireCounter, type WireCounter } from "./wire-counter.ts";
export { makeToken, makeUnsignedToken } from "./token.ts";
export { usedMemory } from "./used-memory.ts";
