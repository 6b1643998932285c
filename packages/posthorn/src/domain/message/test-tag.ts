/** Tag of messages that a user sent to test an endpoint. */
export const TEST_TAG = "webhook.test";
