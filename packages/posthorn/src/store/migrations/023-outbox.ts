/**
 * Outbox for messages that a product publishes within its own transaction. The row becomes a message as soon as the transaction has
 * committed.
 *
 * `posthorn.publish` writes the row. It runs with the rights of the schema's owner, so a product needs no rights on Posthorn's tables.
 * Apart from the outbox, it writes only to the two tables that record used keys. Its errors have the SQLSTATEs PH404, PH409 and PH422. See
 * docs/transactions.md and decision 070.
 */
import { type Migration, toPostgres } from "./portable.ts";

const outbox = `
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  app_id INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  event_id TEXT,
  channels_json TEXT,
  tags_json TEXT,
  payload BLOB NOT NULL,
  content_type TEXT NOT NULL,
  ordering_key TEXT,
  due INTEGER,
  deliver_until INTEGER,
  ttl_ms INTEGER,
  retention_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX outbox_event_id ON outbox (app_id, event_id) WHERE event_id IS NOT NULL;

-- Messages that were stored after the statistics had passed their keys.
CREATE TABLE late_message (
  id INTEGER PRIMARY KEY
) STRICT;
`;

/** Optional parameters with their defaults, the same for each type of payload. */
const OPTIONS = `
  event_id text DEFAULT NULL,
  channels text[] DEFAULT NULL,
  tags text[] DEFAULT NULL,
  ordering_key text DEFAULT NULL,
  content_type text DEFAULT 'application/json',
  deliver_at timestamptz DEFAULT NULL,
  delay interval DEFAULT NULL,
  expires_at timestamptz DEFAULT NULL,
  ttl interval DEFAULT NULL,
  retention interval DEFAULT NULL,
  idempotency_key text DEFAULT NULL,
  org text DEFAULT NULL`;

const PASS_ON =
  "event_id, channels, tags, ordering_key, content_type, deliver_at, delay, expires_at, ttl, retention, idempotency_key, org";

/**
 * Generates keys like `id.ts`, by the clock of the database. Within a tick of 4 ms, nodes count up from 0, and this function uses the
 * upper half of the 16,384 numbers: 250 steps of 16 µs with 32 numbers each, so that keys follow the order of calls.
 */
const keys = `
CREATE SEQUENCE outbox_turn MINVALUE 0 MAXVALUE 31 CYCLE;

CREATE FUNCTION next_message_key() RETURNS bigint LANGUAGE sql VOLATILE SET search_path = posthorn, pg_temp AS $$
  SELECT ((us / 1000000 - 1400000000) << 22) + ((us % 1000000 / 4000) << 14) + 8192 + us % 4000 / 16 * 32 + nextval('outbox_turn')
  FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us) AS now
$$;

CREATE FUNCTION message_id_of(key bigint) RETURNS text LANGUAGE plpgsql VOLATILE SET search_path = posthorn, pg_temp AS $$
DECLARE
  random text := translate(gen_random_uuid()::text, '-', '');
  -- Without the digits for the version and variant of the UUID.
  hex text := left(random, 12) || substr(random, 14, 3) || substr(random, 18);
  bytes numeric := (((key >> 14) << 16) + ((key & 16383) << 2) + ('x' || substr(hex, 27, 1))::bit(4)::int % 4)::numeric
    * 20282409603651670423947251286016
    + ('x' || substr(hex, 1, 13))::bit(52)::bigint::numeric * 4503599627370496
    + ('x' || substr(hex, 14, 13))::bit(52)::bigint::numeric;
  alphabet CONSTANT text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  part bigint;
  id text := '';
BEGIN
  -- 62 to the power of 9 is the largest power that fits in 64 bits. An ID consists of three such parts.
  FOR parts IN 1 .. 3 LOOP
    part := bytes % 13537086546263552;
    bytes := div(bytes, 13537086546263552);
    FOR digits IN 1 .. 9 LOOP
      id := substr(alphabet, (part % 62)::int + 1, 1) || id;
      part := part / 62;
    END LOOP;
  END LOOP;
  RETURN 'msg_' || id;
END $$;
`;

const checks = `
CREATE FUNCTION refuse_publish(reason text) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'PH422', MESSAGE = 'posthorn.publish: ' || reason;
END $$;

CREATE FUNCTION find_application(ref text, of_org text) RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = posthorn, pg_temp AS $$
DECLARE
  found_keys bigint[];
BEGIN
  IF ref ~ '^app_[0-9A-Za-z]{27}$' THEN
    SELECT array_agg(a.id) INTO found_keys FROM application a JOIN organisation o ON o.id = a.org_id
    WHERE a.public_id = ref AND a.deleted_at IS NULL AND a.kind = 0 AND (of_org IS NULL OR o.public_id = of_org);
  ELSE
    SELECT array_agg(a.id) INTO found_keys FROM organisation o JOIN application a ON a.org_id = o.id
    WHERE a.kind = 0 AND a.uid = ref AND a.deleted_at IS NULL AND (of_org IS NULL OR o.public_id = of_org);
  END IF;
  IF cardinality(found_keys) > 1 THEN
    PERFORM refuse_publish(format('several organisations have an application with the uid "%s": say which with org => ''org_…''.', ref));
  END IF;
  IF found_keys IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'PH404', MESSAGE = format('posthorn.publish: there is no application "%s".', ref),
      HINT = 'Give its id or its uid. One that was made after the snapshot of this transaction cannot be seen in it.';
  END IF;
  RETURN found_keys[1];
END $$;

CREATE FUNCTION check_publication(
  type text, payload bytea, event_id text, channels text[], tags text[], ordering_key text, content_type text, deliver_at timestamptz,
  delay interval, expires_at timestamptz, ttl interval, retention interval
) RETURNS void LANGUAGE plpgsql STABLE SET search_path = posthorn, pg_temp AS $$
BEGIN
  IF type IS NULL OR length(type) > 256 OR type !~ '^[a-zA-Z0-9_.-]+$' THEN
    PERFORM refuse_publish(format('"%s" is no event type: up to 256 of letters, digits, "_", "." and "-".', type));
  ELSIF payload IS NULL THEN
    PERFORM refuse_publish('the payload is null.');
  ELSIF octet_length(payload) > 16777216 THEN
    PERFORM refuse_publish(format('the payload has %s bytes, and 16777216 are the most.', octet_length(payload)));
  ELSIF length(event_id) > 256 OR event_id !~ '^(?!msg_)[a-zA-Z0-9_.-]+$' THEN
    PERFORM refuse_publish(format('"%s" is no event id: up to 256 of letters, digits, "_", "." and "-", not beginning with msg_.', event_id));
  ELSIF cardinality(channels) NOT BETWEEN 1 AND 10
    OR EXISTS (SELECT FROM unnest(channels) AS c WHERE c IS NULL OR c !~ '^[a-zA-Z0-9_.:+-]{1,128}$') THEN
    PERFORM refuse_publish('channels are 1 to 10 names of up to 128 letters, digits and "_.:+-".');
  ELSIF cardinality(tags) > 5 OR EXISTS (SELECT FROM unnest(tags) AS t WHERE t IS NULL OR t !~ '^[a-zA-Z0-9_./\\\\#-]{1,128}$') THEN
    PERFORM refuse_publish('tags are up to 5 names of up to 128 letters, digits and "_./\\#-".');
  ELSIF length(ordering_key) NOT BETWEEN 1 AND 256 THEN
    PERFORM refuse_publish('an ordering key has 1 to 256 characters.');
  ELSIF content_type IS NULL OR length(content_type) > 256
    OR content_type !~ '^[!#$%&''*+.^_\`|~0-9A-Za-z-]+/[!#$%&''*+.^_\`|~0-9A-Za-z-]+(\\s*;[\\t -~]*)?$' THEN
    PERFORM refuse_publish(format('"%s" is no media type such as application/json.', content_type));
  ELSIF deliver_at IS NOT NULL AND delay IS NOT NULL THEN
    PERFORM refuse_publish('give deliver_at or delay, not both.');
  ELSIF deliver_at > clock_timestamp() + interval '1 year' OR delay NOT BETWEEN interval '0' AND interval '1 year' THEN
    PERFORM refuse_publish('a delivery can be put off by up to a year.');
  ELSIF expires_at IS NOT NULL AND ttl IS NOT NULL THEN
    PERFORM refuse_publish('give expires_at or ttl, not both.');
  ELSIF expires_at <= coalesce(deliver_at, clock_timestamp() + coalesce(delay, interval '0')) THEN
    PERFORM refuse_publish('the message would expire before its first attempts are due.');
  ELSIF ttl NOT BETWEEN interval '1 second' AND interval '1 year' THEN
    PERFORM refuse_publish('ttl is 1 second to 1 year.');
  ELSIF retention NOT BETWEEN interval '1 hour' AND interval '90 days' THEN
    PERFORM refuse_publish('retention is 1 hour to 90 days.');
  END IF;
END $$;
`;

/** Idempotency keys of the product. Separate from those of the HTTP API, so that an open transaction of the product cannot block requests. */
const idempotency = `
CREATE FUNCTION message_of_key(app_key bigint, idempotency_key text, fresh bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = posthorn, pg_temp AS $$
DECLARE
  now_bucket bigint := -floor(extract(epoch FROM clock_timestamp()) / 21600);
  key_hash text := left(translate(encode(sha256(convert_to(format(E'publish\\n%s\\n%s', app_key, idempotency_key), 'UTF8')), 'base64'), '+/', '-_'), 22);
  used bigint;
BEGIN
  -- Waits for an open transaction that has inserted the same key.
  INSERT INTO idempotency (bucket, hash, message_id)
  SELECT now_bucket, key_hash, fresh
  WHERE NOT EXISTS (SELECT FROM idempotency k WHERE k.bucket IN (now_bucket + 1, now_bucket + 2) AND k.hash = key_hash)
  ON CONFLICT (bucket, hash) DO NOTHING;
  IF FOUND THEN
    RETURN fresh;
  END IF;
  SELECT k.message_id INTO used FROM idempotency k
  WHERE k.bucket BETWEEN now_bucket AND now_bucket + 2 AND k.hash = key_hash ORDER BY k.bucket LIMIT 1;
  RETURN used;
END $$;
`;

const publish = `
CREATE FUNCTION publish(app text, type text, payload bytea, ${OPTIONS}
) RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = posthorn, pg_temp AS $$
#variable_conflict use_column
DECLARE
  app_key bigint := find_application(app, org);
  key bigint := next_message_key();
  used bigint := key;
  new_id text;
BEGIN
  PERFORM check_publication(type, payload, event_id, channels, tags, ordering_key, content_type, deliver_at, delay, expires_at, ttl, retention);
  IF idempotency_key IS NOT NULL THEN
    used := message_of_key(app_key, idempotency_key, key);
  END IF;
  IF used <> key THEN
    SELECT o.public_id INTO new_id FROM outbox o WHERE o.id = used;
    IF new_id IS NULL THEN
      SELECT m.public_id INTO new_id FROM message m WHERE m.id = used;
    END IF;
    IF new_id IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'PH404', MESSAGE = 'posthorn.publish: the message that this idempotency key stands for is gone.';
    END IF;
    RETURN new_id;
  END IF;
  new_id := message_id_of(key);
  INSERT INTO outbox (id, public_id, app_id, event_type, event_id, channels_json, tags_json, payload, content_type, ordering_key, due,
    deliver_until, ttl_ms, retention_ms)
  VALUES (key, new_id, app_key, type, event_id, to_json(channels)::text, to_json(tags)::text, payload, content_type, ordering_key,
    floor(extract(epoch FROM coalesce(deliver_at, clock_timestamp() + delay)) * 1000),
    floor(extract(epoch FROM expires_at) * 1000),
    floor(extract(epoch FROM ttl) * 1000), floor(extract(epoch FROM retention) * 1000))
  ON CONFLICT (app_id, event_id) WHERE event_id IS NOT NULL DO NOTHING;
  -- Checked after the insert, so that event IDs of rows relayed in between are found.
  IF NOT FOUND OR (event_id IS NOT NULL
    AND EXISTS (SELECT FROM event_id_taken t WHERE t.app_id = app_key AND t.event_id = publish.event_id)) THEN
    RAISE EXCEPTION USING ERRCODE = 'PH409', MESSAGE = format('posthorn.publish: this application has a message with the event id "%s".', event_id);
  END IF;
  -- One notification per transaction, with the key from which to scan.
  IF coalesce(current_setting('posthorn.published_from', true), '') = '' THEN
    PERFORM set_config('posthorn.published_from', key::text, true);
    PERFORM pg_notify('posthorn', 'outbox ' || key);
  END IF;
  RETURN new_id;
END $$;

CREATE FUNCTION publish(app text, type text, payload text, ${OPTIONS}
) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF content_type ~* '^application/json *(;|$)' THEN
    PERFORM payload::json;
  END IF;
  RETURN posthorn.publish(app, type, convert_to(payload, 'UTF8'), ${PASS_ON});
END $$;

CREATE FUNCTION publish(app text, type text, payload jsonb, ${OPTIONS}
) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN posthorn.publish(app, type, convert_to(payload::text, 'UTF8'), ${PASS_ON});
END $$;
`;

const postgres = `${toPostgres(outbox)}
-- Rows are short-lived: their space is reused soon.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE UNIQUE INDEX application_public_id ON application (public_id);
${keys}${checks}${idempotency}${publish}`;

export const outboxMigration: Migration = { sqlite: outbox, postgres };
