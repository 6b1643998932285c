/** Signs requests the way providers do, so that a handler can be tested and a provider emulated. */
export { signProvider, type SignProviderOptions } from "./sign.ts";
