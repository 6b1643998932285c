/** Deliveries of the whole server that are paused: after a restore, until an operator resumes them. It has one row, or none. */
export const deliveryPause = `
CREATE TABLE delivery_pause (
  id INTEGER PRIMARY KEY,
  reason TEXT NOT NULL,
  paused_at INTEGER NOT NULL,
  backup_at INTEGER NOT NULL
) STRICT;
`;
