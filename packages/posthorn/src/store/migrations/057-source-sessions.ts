/**
 * Sessions, consumers and groups that a source has left at its peer, because it was deleted or its target was changed. The node that owns the
 * source removes them, however long the peer is unavailable.
 */
export const sourceSessions = `
CREATE TABLE source_session (
  source_id INTEGER NOT NULL,
  identity TEXT NOT NULL,
  public_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  config_sealed BLOB NOT NULL,
  left_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  PRIMARY KEY (source_id, identity)
) STRICT;
CREATE INDEX source_session_due ON source_session (next_at);
`;
