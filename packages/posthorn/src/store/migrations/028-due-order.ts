/**
 * Due deliveries of an endpoint in the order in which they are paged in. SQLite has the rest of the key in each index; without it
 * PostgreSQL sorts all that became due at the same instant, as after a recovery, for every page of them.
 */
import type { Migration } from "./portable.ts";

const postgres = `
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (endpoint_id, due, message_id) WHERE due IS NOT NULL;
`;

export const dueOrder: Migration = { sqlite: "", postgres };
