/**
 * Data keys, which encrypt the values of the `*_sealed` columns, and which nodes use them.
 *
 * A data key is stored encrypted ("wrapped") with the root key, which is not in the database. `wrapped` is `NULL` once the key is destroyed.
 */
export const encryptionKeys = `
CREATE TABLE encryption_key (
  id INTEGER NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  provider TEXT NOT NULL,
  root TEXT NOT NULL,
  wrapped BLOB,
  created_at INTEGER NOT NULL,
  sealing_at INTEGER,
  destroyed_at INTEGER
) STRICT;
CREATE TABLE encryption_key_node (
  node_id INTEGER NOT NULL PRIMARY KEY,
  key_ids_json TEXT NOT NULL,
  sealing INTEGER NOT NULL,
  root TEXT NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;
`;
