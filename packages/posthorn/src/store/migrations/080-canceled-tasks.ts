/** Finds canceled tasks of an application, which are few, without reading all of its tasks. */
export const canceledTasks = `
CREATE INDEX task_canceled ON task (app_id, id) WHERE status = 'canceled';
`;
