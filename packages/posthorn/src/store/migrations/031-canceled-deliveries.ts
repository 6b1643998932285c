/** Canceled deliveries of an endpoint, which are few, so that counting them does not read all of its deliveries. */
export const canceledDeliveries = `
CREATE INDEX delivery_canceled ON delivery (endpoint_id, message_id) WHERE state = 3;
`;
