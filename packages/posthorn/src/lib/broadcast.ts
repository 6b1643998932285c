/** Messages to the same part of a node in the other threads of the process, by topic. They are not confirmed. */
export interface Broadcast {
  publish(topic: string, data: unknown): void;
  /** Sets what receives the messages of a topic. */
  subscribe(topic: string, listener: (data: unknown) => void): void;
}
