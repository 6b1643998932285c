/** Signs requests the way providers do, for testing handlers and emulating providers. */
export { signProvider, type SignProviderOptions } from "./sign.ts";
