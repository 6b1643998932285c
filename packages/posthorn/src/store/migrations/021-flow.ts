/**
 * Pausing and discarding of deliveries to an endpoint, and ordered delivery.
 *
 * A delivery with an `order_key` waits for earlier ones of the same endpoint and key. The index `delivery_order` contains only such rows,
 * and only while they have a due time, so deliveries without an order add nothing to it.
 */
export const flow = `
ALTER TABLE endpoint ADD COLUMN flow_json TEXT;
ALTER TABLE delivery ADD COLUMN order_key TEXT;
ALTER TABLE delivery ADD COLUMN pass_at INTEGER;
CREATE INDEX delivery_order ON delivery (endpoint_id, order_key, message_id) WHERE order_key IS NOT NULL AND due IS NOT NULL;
`;
