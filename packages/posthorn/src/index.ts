export { type Config, envToConfig } from "./config/config.ts";
export { readEnv, type SettingSources } from "./config/env.ts";
export { loadSecrets, type Secrets } from "./config/secrets.ts";
export { PosthornError, type PosthornErrorCode } from "./errors.ts";
export { createLog, type Logger } from "./log.ts";
export { Posthorn, type PosthornOptions } from "./posthorn.ts";
