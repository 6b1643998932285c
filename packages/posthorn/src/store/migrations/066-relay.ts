/**
 * Listeners that receive the messages of relay endpoints over a connection that they open: their sessions, and frames on the way between the
 * node that makes an attempt and the node that has the connection.
 */
export const relay = `
CREATE TABLE relay_session (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  client_name TEXT NOT NULL,
  takes_over INTEGER NOT NULL,
  ticket_hash BLOB,
  ticket_until INTEGER NOT NULL,
  node_id INTEGER,
  transport TEXT,
  connected_at INTEGER,
  lease_until INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX relay_session_ticket ON relay_session (ticket_hash) WHERE ticket_hash IS NOT NULL;
CREATE INDEX relay_session_of_endpoint ON relay_session (endpoint_id);

CREATE TABLE relay_frame (
  id INTEGER PRIMARY KEY,
  node_id INTEGER NOT NULL,
  body_sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX relay_frame_of_node ON relay_frame (node_id, id);
`;
