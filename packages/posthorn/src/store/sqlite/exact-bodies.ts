/**
 * The trigger that destroys the exact body of a redacted message when its last delivery ends, whatever ends it.
 *
 * It exists only while there are exact bodies: for a table with a trigger, SQLite copies each page that an update changes, which takes an eighth
 * of what the statements of an event cost, even if the trigger never applies.
 */
import type { DatabaseSync } from "node:sqlite";

const PENDING = "SELECT 1 FROM delivery WHERE message_id = old.message_id AND due IS NOT NULL";

const CREATE = `
  CREATE TRIGGER IF NOT EXISTS delivery_ended AFTER UPDATE OF due ON delivery
  WHEN new.has_exact IS NOT NULL AND new.due IS NULL AND old.due IS NOT NULL BEGIN
    DELETE FROM exact_body WHERE message_id = old.message_id AND keep_ms = 0 AND NOT EXISTS (${PENDING});
    UPDATE exact_body SET destroy_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + keep_ms
      WHERE message_id = old.message_id AND NOT EXISTS (${PENDING});
  END`;

/** Call in each transaction that stores an exact body, before it does: a transaction that is rolled back takes the trigger with it. */
export function destroyAtEnd(db: DatabaseSync): void {
  db.exec(CREATE);
}

/** Prepares a database that was just opened. Returns whether it has exact bodies. */
export function openExactBodies(db: DatabaseSync): boolean {
  const hasAny = db.prepare("SELECT 1 FROM exact_body LIMIT 1").get() !== undefined;
  if (hasAny) destroyAtEnd(db);
  else drop(db);
  return hasAny;
}

function drop(db: DatabaseSync): void {
  try {
    db.exec("DROP TRIGGER IF EXISTS delivery_ended");
  } catch {
    // It only costs time, and a full disk must not prevent the start.
  }
}
