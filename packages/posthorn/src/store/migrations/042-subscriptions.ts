/**
 * Subscriptions that receivers create and end themselves: topics of the WebSub hub, subscriptions (WebSub and REST Hooks), and requests at the
 * hub that are not settled yet. Each subscription has an endpoint, which does the delivering.
 */
import { type Migration, toPostgres } from "./portable.ts";

const sqlite = `
CREATE TABLE websub_topic (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  app_id INTEGER NOT NULL,
  token_hash BLOB NOT NULL,
  token_sealed BLOB NOT NULL,
  description TEXT NOT NULL,
  event_types_json TEXT,
  channels_json TEXT,
  disabled INTEGER NOT NULL,
  lease_min INTEGER NOT NULL,
  lease_max INTEGER NOT NULL,
  lease_default INTEGER NOT NULL,
  max_subscriptions INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX websub_topic_token ON websub_topic (token_hash);
CREATE INDEX websub_topic_of_application ON websub_topic (app_id, id);

CREATE TABLE subscription (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  app_id INTEGER NOT NULL,
  protocol TEXT NOT NULL,
  topic_id INTEGER,
  endpoint_id INTEGER NOT NULL,
  target_hash BLOB NOT NULL,
  lease_seconds INTEGER,
  lease_until INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX subscription_of_application ON subscription (app_id, id);
CREATE UNIQUE INDEX subscription_of_topic ON subscription (topic_id, target_hash) WHERE topic_id IS NOT NULL;
CREATE INDEX subscription_lease ON subscription (lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE websub_request (
  id INTEGER PRIMARY KEY,
  app_id INTEGER NOT NULL,
  topic_id INTEGER NOT NULL,
  target_hash BLOB NOT NULL,
  host TEXT NOT NULL,
  mode TEXT NOT NULL,
  detail_sealed BLOB NOT NULL,
  tries INTEGER NOT NULL,
  due INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX websub_request_target ON websub_request (topic_id, target_hash);
CREATE INDEX websub_request_due ON websub_request (due);
CREATE INDEX websub_request_host ON websub_request (host);
`;

export const subscriptions: Migration = { sqlite, postgres: toPostgres(sqlite) };
