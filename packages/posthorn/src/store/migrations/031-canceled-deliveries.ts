/** Index of canceled deliveries, which are few, so that counting those of an endpoint does not read all of its deliveries. */
export const canceledDeliveries = `
CREATE INDEX delivery_canceled ON delivery (endpoint_id, message_id) WHERE state = 3;
`;
