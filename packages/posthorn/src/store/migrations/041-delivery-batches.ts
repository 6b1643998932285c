/**
 * Batches of deliveries that their target recognises by their members: the same members must be sent again under the same key. A row is written
 * before the batch is sent, and deleted some time after its last delivery is final.
 */
export const deliveryBatches = `
CREATE TABLE delivery_batch (
  id INTEGER PRIMARY KEY,
  endpoint_id INTEGER NOT NULL,
  message_ids_json TEXT NOT NULL
) STRICT;
CREATE INDEX delivery_batch_of_endpoint ON delivery_batch (endpoint_id, id);
`;
