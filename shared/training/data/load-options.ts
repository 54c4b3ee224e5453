import type { DataSource } from "./data-source.ts";

export interface LoadOptions {
  /** Which part of the training data; numbers beyond the task's `shards` begin again at the first. */
  readonly shard: number;
  readonly source: DataSource;
}
