/**
 * Adds the message key to the index of due deliveries, so that it has the order in which they are paged in. Without it, PostgreSQL sorts
 * all deliveries with the same due time for every page, as after a recovery. In SQLite, an index contains the primary key anyway.
 */
import type { Migration } from "./portable.ts";

const postgres = `
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (endpoint_id, due, message_id) WHERE due IS NOT NULL;
`;

export const dueOrder: Migration = { sqlite: "", postgres };
