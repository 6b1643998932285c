import { initial } from "./001-initial.ts";
import { engine } from "./002-engine.ts";
import { health } from "./005-health.ts";
import { filters } from "./006-filters.ts";
import { replay } from "./007-replay.ts";
import { messages } from "./008-messages.ts";
import { sources } from "./009-sources.ts";
import { sourceWatch } from "./020-source-watch.ts";
import { flow } from "./021-flow.ts";
import { captures } from "./022-captures.ts";
import { outboxMigration } from "./023-outbox.ts";
import { nodes } from "./024-nodes.ts";
import { nodeLag } from "./025-node-lag.ts";
import { tableSources } from "./026-table-sources.ts";
import { failureRate } from "./027-failure-rate.ts";
import { dueOrder } from "./028-due-order.ts";
import { certificates } from "./029-certificates.ts";
import { minutes } from "./030-minutes.ts";
import { canceledDeliveries } from "./031-canceled-deliveries.ts";
import { outboxParked } from "./032-outbox-parked.ts";
import { messageLabels } from "./033-message-labels.ts";
import { sourceDuplicates } from "./034-source-duplicates.ts";
import { migrationChecksums } from "./035-migration-checksums.ts";
import { sourceNames } from "./036-source-names.ts";
import { nodeProcess } from "./037-node-process.ts";
import { stateNames } from "./038-state-names.ts";
import { destinationKinds } from "./039-destination-kinds.ts";
import { sourceRunners } from "./043-source-runners.ts";
import { deviceProviders } from "./074-device-providers.ts";
import { organisationNames } from "./061-organisation-names.ts";
import { checksumOf } from "./checksum.ts";
import { CHECKSUMS } from "./checksums.generated.ts";
import { feeds } from "./040-feeds.ts";
import { deliveryBatches } from "./041-delivery-batches.ts";
import { subscriptions } from "./042-subscriptions.ts";
import { sourceFailures } from "./049-source-failures.ts";
import { sourceSessions } from "./057-source-sessions.ts";
import { watches } from "./046-watches.ts";
import { keyScopes } from "./052-key-scopes.ts";
import { subscriptionRequests } from "./048-subscription-requests.ts";
import { people } from "./051-people.ts";
import { signInMethods } from "./059-sign-in-methods.ts";
import { audit } from "./053-audit.ts";
import { shareLinks } from "./055-share-links.ts";
import { encryptionKeys } from "./054-encryption-keys.ts";
import { erasure } from "./060-erasure.ts";
import { applicationRetention } from "./062-application-retention.ts";
import { traceContext } from "./071-trace-context.ts";
import { deliveryPause } from "./075-delivery-pause.ts";
import { redaction } from "./065-redaction.ts";
import { portalKeys } from "./063-portal-keys.ts";
import { connectedClients } from "./067-connected-clients.ts";
import { alerts } from "./073-alerts.ts";
import { alertRecipients } from "./092-alert-recipients.ts";
import { sourceHours } from "./077-source-hours.ts";
import { requestLog } from "./079-request-log.ts";
import { canceledTasks } from "./080-canceled-tasks.ts";
import { requestCallers } from "./081-request-callers.ts";
import { incidents } from "./072-incidents.ts";
import { listenTokens } from "./069-listen-tokens.ts";
import { relay } from "./066-relay.ts";
import { endpointList } from "./078-endpoint-list.ts";
import { commitJournal } from "./097-commit-journal.ts";
import { immediateSuccesses } from "./098-immediate-successes.ts";
import { leasesOfBatches } from "./099-leases-of-batches.ts";
import { secondFactor } from "./064-second-factor.ts";
import { type Migration, migrationFor } from "./portable.ts";
import { relayResign } from "./086-relay-resign.ts";
import { listenedAt } from "./087-listened-at.ts";
import { mcpSubscriptions } from "./082-mcp-subscriptions.ts";
import { refreshGrace } from "./083-refresh-grace.ts";
import { connectedClientIndex } from "./084-connected-client-index.ts";
import { applicationNames } from "./076-application-names.ts";
import { savedViews } from "./070-saved-views.ts";
import { nodeKinds } from "./085-node-kinds.ts";
import { nodeThread } from "./088-node-thread.ts";
import { exactBodyTrigger } from "./091-exact-body-trigger.ts";
import { journalFile } from "./089-journal-file.ts";

export interface NamedMigration {
  /** File name without the number. `posthorn migrate` prints it. */
  readonly name: string;
  readonly sql: Migration;
}

/** All migrations in order. The index plus one is the schema version. A released migration never changes. */
export const MIGRATIONS: readonly NamedMigration[] = [
  { name: "initial", sql: initial },
  { name: "engine", sql: engine },
  { name: "health", sql: health },
  { name: "filters", sql: filters },
  { name: "replay", sql: replay },
  { name: "messages", sql: messages },
  { name: "sources", sql: sources },
  { name: "source watch", sql: sourceWatch },
  { name: "flow", sql: flow },
  { name: "captures", sql: captures },
  { name: "outbox", sql: outboxMigration },
  { name: "nodes", sql: nodes },
  { name: "node lag", sql: nodeLag },
  { name: "table sources", sql: tableSources },
  { name: "failure rate", sql: failureRate },
  { name: "due order", sql: dueOrder },
  { name: "certificates", sql: certificates },
  { name: "minutes", sql: minutes },
  { name: "canceled deliveries", sql: canceledDeliveries },
  { name: "outbox parked", sql: outboxParked },
  { name: "message labels", sql: messageLabels },
  { name: "source duplicates", sql: sourceDuplicates },
  { name: "migration checksums", sql: migrationChecksums },
  { name: "source names", sql: sourceNames },
  { name: "node process", sql: nodeProcess },
  { name: "state names", sql: stateNames },
  { name: "destination kinds", sql: destinationKinds },
  { name: "feeds", sql: feeds },
  { name: "delivery batches", sql: deliveryBatches },
  { name: "source runners", sql: sourceRunners },
  { name: "subscriptions", sql: subscriptions },
  { name: "watches", sql: watches },
  { name: "subscription requests", sql: subscriptionRequests },
  { name: "source failures", sql: sourceFailures },
  { name: "people", sql: people },
  { name: "key scopes", sql: keyScopes },
  { name: "sign-in methods", sql: signInMethods },
  { name: "source sessions", sql: sourceSessions },
  { name: "audit", sql: audit },
  { name: "organisation names", sql: organisationNames },
  { name: "share links", sql: shareLinks },
  { name: "encryption keys", sql: encryptionKeys },
  { name: "device providers", sql: deviceProviders },
  { name: "trace context", sql: traceContext },
  { name: "second factor", sql: secondFactor },
  { name: "erasure", sql: erasure },
  { name: "delivery pause", sql: deliveryPause },
  { name: "redaction", sql: redaction },
  { name: "application retention", sql: applicationRetention },
  { name: "relay", sql: relay },
  { name: "portal keys", sql: portalKeys },
  { name: "endpoint list", sql: endpointList },
  { name: "incidents", sql: incidents },
  { name: "alerts", sql: alerts },
  { name: "relay resign", sql: relayResign },
  { name: "listened at", sql: listenedAt },
  { name: "mcp subscriptions", sql: mcpSubscriptions },
  { name: "commit journal", sql: commitJournal },
  { name: "alert recipients", sql: alertRecipients },
  { name: "listen tokens", sql: listenTokens },
  { name: "source hours", sql: sourceHours },
  { name: "request log", sql: requestLog },
  { name: "connected clients", sql: connectedClients },
  { name: "canceled tasks", sql: canceledTasks },
  { name: "request callers", sql: requestCallers },
  { name: "refresh grace", sql: refreshGrace },
  { name: "connected client index", sql: connectedClientIndex },
  { name: "saved views", sql: savedViews },
  { name: "node kinds", sql: nodeKinds },
  { name: "journal file", sql: journalFile },
  { name: "application names", sql: applicationNames },
  { name: "node thread", sql: nodeThread },
  { name: "exact body trigger", sql: exactBodyTrigger },
  { name: "immediate successes", sql: immediateSuccesses },
  { name: "leases of batches", sql: leasesOfBatches },
];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Schema version from which on a database can store checksums. */
export const CHECKSUMS_SINCE: number = MIGRATIONS.findIndex(({ sql }) => sql === migrationChecksums) + 1;

/**
 * Returns the checksum of the statements that a migration runs on one of the databases. It is recorded, because computing all of them at each
 * start takes 25 ms of CPU time.
 */
export function migrationChecksum(database: "sqlite" | "postgres", version: number): string {
  const { name, sql } = MIGRATIONS[version - 1]!;
  return CHECKSUMS[name]?.[database === "sqlite" ? 0 : 1] ?? checksumOf(migrationFor(database, sql));
}
