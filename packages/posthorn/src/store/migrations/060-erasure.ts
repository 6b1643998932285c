/**
 * Erasure of the data of a person: requests with their receipts, and the messages that they erased. The value that a request searches for is
 * encrypted, and deleted when the request ends. A hash under a key of its own lets a receipt be compared with a value later.
 */
import { type Migration, toPostgres } from "./portable.ts";

const sqlite = `
CREATE TABLE erasure (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER,
  task_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  value_sealed BLOB,
  hash_key_sealed BLOB NOT NULL,
  value_hash BLOB NOT NULL,
  event_types_json TEXT,
  dry_run INTEGER NOT NULL,
  reason TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  state TEXT NOT NULL,
  counts_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX erasure_of_organisation ON erasure (org_id, id);
CREATE TABLE message_erasure (
  message_id INTEGER PRIMARY KEY,
  erasure_id INTEGER NOT NULL,
  erased_at INTEGER NOT NULL
) STRICT;
CREATE INDEX message_erasure_of ON message_erasure (erasure_id, message_id);
`;

export const erasure: Migration = { sqlite, postgres: toPostgres(sqlite) };
