/** Views of lists that callers saved, and the one with which a list opens for a caller. */
export const savedViews = `
CREATE TABLE saved_view (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  owner_kind TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  list TEXT NOT NULL,
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  shared INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX saved_view_of_owner ON saved_view (org_id, owner_kind, owner_id, id);
CREATE INDEX saved_view_shared ON saved_view (org_id, id) WHERE shared = 1;

CREATE TABLE saved_view_default (
  org_id INTEGER NOT NULL,
  owner_kind TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  list TEXT NOT NULL,
  view_id INTEGER NOT NULL,
  PRIMARY KEY (org_id, owner_kind, owner_id, list)
) STRICT, WITHOUT ROWID;
CREATE INDEX saved_view_default_of_view ON saved_view_default (view_id);
`;
