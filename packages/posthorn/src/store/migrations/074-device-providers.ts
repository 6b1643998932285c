/** The identity provider behind the approval of a command line, so that its session has the same limits as the one of the browser. */
export const deviceProviders = `
ALTER TABLE device_request ADD COLUMN provider_id INTEGER;
ALTER TABLE device_request ADD COLUMN provider_subject TEXT;
`;
