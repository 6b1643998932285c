/**
 * How deliveries to an endpoint flow: what was paused or discarded by a call, and the order of those that have one.
 *
 * A delivery with an `order_key` waits for those of the same endpoint and key before it. Only such rows are in `delivery_order`, and
 * only while they are due some time: deliveries without an order cost nothing.
 */
export const flow = `
ALTER TABLE endpoint ADD COLUMN flow_json TEXT;
ALTER TABLE delivery ADD COLUMN order_key TEXT;
ALTER TABLE delivery ADD COLUMN pass_at INTEGER;
CREATE INDEX delivery_order ON delivery (endpoint_id, order_key, message_id) WHERE order_key IS NOT NULL AND due IS NOT NULL;
`;
