export { reasonOf } from "./errors.js";
export { subscribe } from "./subscribe.js";
export type { Interrupted, Resync, SubscribeOptions, Update } from "./subscribe.js";
